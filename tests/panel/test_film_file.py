"""A film's files hold its frames: as many, in their colours, y up; what cannot be is said."""

import base64
import io
import re
import subprocess
import time

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from panel_samples import write_run
from PIL import Image, ImageSequence

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.fields import RHO
from irer_panel.film_file import NO_VALUE, enlargement, gif_of, mp4_of
from irer_panel.history import History, read_history
from irer_panel.views.film import palette_of
from irer_panel.views.film_export import KINDS, FilmExport, made

PALETTE = np.array(
    [[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palette_of(RHO)[:255]], np.uint8
)
GIF, MP4 = KINDS
CLOSE, FARTHEST = 3, 16
"""How far an MP4's colours are off at most, of 255: on average, and anywhere."""


def film_of(frames, limits=(0.0, 1.0)):
    """A history of given frames."""
    times = np.arange(len(frames), dtype=float)
    cells = frames.shape[1]
    return History("a" * 40, cells, (0, 1), times, frames, limits, RHO, 0.1, {"t": times})


def noise(count, side, seed=0):
    return np.random.default_rng(seed).random((count, side, side))


def waves(count, side):
    """Smooth frames, each another."""
    y, x = np.mgrid[:side, :side] / side
    return np.stack([0.5 + 0.5 * np.sin(6 * x + i) * np.cos(9 * y) for i in range(count)])


def colours(frame, limits=(0.0, 1.0)):
    """The colours of a frame's cells, worked out apart from the code: row 0 on top, y up."""
    share = (frame[::-1] - limits[0]) / (limits[1] - limits[0])
    return PALETTE[(share.clip(0, 1) * 254).astype(int)].astype(float)


def decoded(content, folder):
    """What a player sees: what the file says of its stream, and its pictures."""
    path = folder / "film.mp4"
    path.write_bytes(content)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([get_ffmpeg_exe(), "-i", path, *raw], capture_output=True, check=True)
    said = re.search(r"Video: (h264.*)", done.stderr.decode())[1]
    side = int(re.search(r" (\d+)x\1", said)[1])
    return said, np.frombuffer(done.stdout, np.uint8).reshape(-1, side, side, 3)


@pytest.mark.parametrize(
    ("side", "pixels"), [(32, 256), (48, 288), (25, 300), (257, 514), (512, 512)]
)
def test_an_mp4_holds_every_frame_in_its_colours(tmp_path, side, pixels):
    frames = waves(5, side)
    said, pictures = decoded(mp4_of(film_of(frames), PALETTE), tmp_path)
    assert "yuv420p(tv, bt709, progressive)" in said, "else players guess the colours"
    assert "8.33 fps" in said
    assert pictures.shape == (5, pixels, pixels, 3)
    block = enlargement(side)
    for picture, frame in zip(pictures, frames, strict=True):
        off = np.abs(picture - colours(frame).repeat(block, 0).repeat(block, 1))
        assert off.mean() < CLOSE
        assert off.max() < FARTHEST


def test_a_cell_without_a_value_is_grey_and_one_beyond_the_limits_has_the_last_colour(tmp_path):
    frame = np.full((1, 32, 32), 0.5)
    frame[0, 0, 0], frame[0, 0, 31], frame[0, 31, 0] = np.nan, 7.0, -7.0
    for picture in (
        decoded(mp4_of(film_of(frame), PALETTE), tmp_path)[1][0],
        np.asarray(Image.open(io.BytesIO(gif_of(film_of(frame), PALETTE))).convert("RGB")),
    ):
        corners = [picture[y, x].astype(int) for y, x in ((-4, 4), (-4, -4), (4, 4))]
        np.testing.assert_allclose(corners, [NO_VALUE, PALETTE[-1], PALETTE[0]], atol=2 * CLOSE)


def test_both_files_show_the_same_pictures(tmp_path):
    film = film_of(waves(3, 64), limits=(0.2, 0.7))
    _, video = decoded(mp4_of(film, PALETTE), tmp_path)
    gif = [
        np.asarray(each.convert("RGB"), float)
        for each in ImageSequence.Iterator(Image.open(io.BytesIO(gif_of(film, PALETTE))))
    ]
    assert len(gif) == len(video) == 3
    for picture, other in zip(gif, video, strict=True):
        assert picture.shape == other.shape
        assert np.abs(picture[2::4, 2::4] - other[2::4, 2::4]).mean() < CLOSE


def test_a_film_of_one_frame_is_a_film(tmp_path):
    _, pictures = decoded(mp4_of(film_of(noise(1, 128)), PALETTE), tmp_path)
    assert len(pictures) == 1


@pytest.mark.parametrize(
    ("encoder", "words"), [("/bin/false", "exit code 1"), ("/nowhere/ffmpeg", "No such file")]
)
def test_an_encoder_that_fails_or_is_missing_is_words(monkeypatch, encoder, words):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", encoder)
    with pytest.raises(EngineError, match=f"MP4: got .*{words}.*expected a film; make a GIF"):
        mp4_of(film_of(noise(2, 512)), PALETTE)


def settle(so):
    until = time.monotonic() + 60
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def history(tmp_path):
    workspace = Workspace.open(tmp_path)
    run, *_ = write_run(workspace)
    return read_history(workspace.artifact_path(run), run, "ρ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_made_once_it_is_asked_for_and_handed_out(history, kind):
    export = FilmExport(kind, NoLoop())
    assert not export.download.visible
    export.take(history)
    export.make.param.trigger("clicks")
    settle(lambda: export.download.visible)
    assert export.download.filename == f"final_rho_{history.run[:8]}.{kind.suffix}"
    assert export.download.callback().read() == made(kind, history).content
    assert (export.make.disabled, export.make.label) == (False, f"Make {kind.words}")
    export.take(None)
    assert (export.download.visible, export.make.disabled) == (False, True)
    export.close()


def test_a_file_that_cannot_be_made_is_said_and_can_be_asked_for_again(history, monkeypatch):
    export = FilmExport(MP4, NoLoop())
    export.take(history)
    with monkeypatch.context() as broken:
        broken.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
        export.make.param.trigger("clicks")
        settle(lambda: export.words.visible)
    assert "MP4: got exit code 1" in export.words.object
    assert not export.download.visible
    export.make.param.trigger("clicks")
    settle(lambda: export.download.visible)
    assert not export.words.visible
    export.close()


def test_a_file_of_a_film_that_is_gone_is_not_offered(history):
    export = FilmExport(GIF, NoLoop())
    export.take(history)
    late = made(GIF, history)
    export.take(film_of(noise(1, 32)))
    export._offer(late)
    assert not export.download.visible
    export.close()


PLAYED = """async (film) => {
  const video = document.createElement("video")
  video.muted = true
  video.src = `data:video/mp4;base64,${film}`
  await new Promise((done, wrong) => {
    video.onseeked = done
    video.onerror = () => wrong(new Error(video.error.message))
    video.onloadeddata = () => { video.currentTime = 0.18 }  // within the second frame
  })
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
  const brush = canvas.getContext("2d")
  brush.drawImage(video, 0, 0)
  const {data} = brush.getImageData(0, 0, canvas.width, canvas.height)
  return [video.duration, canvas.width, canvas.height, [...data]]
}"""


@pytest.mark.browser
def test_a_browser_plays_an_mp4_in_the_colours_of_the_field(chromium):
    frames = noise(4, 16)
    page = chromium.new_page()
    film = base64.b64encode(mp4_of(film_of(frames), PALETTE)).decode()
    duration, width, height, data = page.evaluate(PLAYED, film)
    page.close()
    assert (duration, width, height) == (pytest.approx(0.48, abs=0.01), 256, 256)
    picture = np.array(data).reshape(height, width, 4)[8::16, 8::16, :3]
    assert np.abs(picture - colours(frames[1])).mean() < CLOSE
