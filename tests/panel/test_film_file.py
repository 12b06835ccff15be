"""A film's files hold its frames: as many, in their colours, y up; what cannot be is said."""

import base64
import io
import re
import subprocess
import tempfile
import time
from dataclasses import replace
from threading import Event, Timer

import numpy as np
import psutil
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from panel_samples import write_run
from PIL import Image, ImageDraw, ImageFont, ImageSequence

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel import film_file
from irer_panel.background import NoLoop
from irer_panel.fields import RHO
from irer_panel.film_file import COLOURS, NO_VALUE, StoppedError, enlargement
from irer_panel.history import History, read_history
from irer_panel.views.film import palette_of
from irer_panel.views.film_export import KINDS, FilmExport, made

PALETTE = np.array(
    [[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in palette_of(RHO)[:COLOURS]], np.uint8
)
GIF, MP4 = KINDS
STRIPS = {256: 26, 288: 30, 300: 32, 512: 52, 514: 52}
"""How high the words below a frame are, by its side."""

CLOSE, FARTHEST = 3, 24
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
    return PALETTE[(share.clip(0, 1) * (COLOURS - 1)).astype(int)].astype(float)


def decoded(content, folder):
    """What a player sees: what the file says of its stream, and its pictures."""
    path = folder / "film.mp4"
    path.write_bytes(content)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([get_ffmpeg_exe(), "-i", path, *raw], capture_output=True, check=True)
    said = re.search(r"Video: (h264.*)", done.stderr.decode())[1]
    width, height = map(int, re.search(r" ([1-9]\d*)x(\d+)", said).groups())
    return said, np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def gif_of(history, palette):
    return film_file.gif_of(history, palette, Event())


def mp4_of(history, palette):
    return film_file.mp4_of(history, palette, Event())


def seen(content):
    """The pictures of a GIF."""
    frames = ImageSequence.Iterator(Image.open(io.BytesIO(content)))
    return np.stack([np.asarray(each.convert("RGB"), float) for each in frames])


@pytest.mark.parametrize(
    ("side", "pixels"), [(32, 256), (48, 288), (25, 300), (257, 514), (512, 512)]
)
def test_an_mp4_holds_every_frame_in_its_colours(tmp_path, side, pixels):
    frames = waves(5, side)
    said, pictures = decoded(mp4_of(film_of(frames), PALETTE), tmp_path)
    assert "yuv420p(tv, bt709, progressive)" in said, "else players guess the colours"
    assert "8.33 fps" in said
    assert pictures.shape == (5, pixels + STRIPS[pixels], pixels, 3)
    block = enlargement(side)
    for picture, frame in zip(pictures[:, :pixels], frames, strict=True):
        off = np.abs(picture - colours(frame).repeat(block, 0).repeat(block, 1))
        assert off.mean() < CLOSE
        assert off.max() < FARTHEST


def test_a_cell_without_a_value_is_grey_and_one_beyond_the_limits_has_the_last_colour(tmp_path):
    frame = np.full((1, 32, 32), 0.5)
    frame[0, 0, 0], frame[0, 0, 31], frame[0, 31, 0] = np.nan, 7.0, -7.0
    for picture in (
        decoded(mp4_of(film_of(frame), PALETTE), tmp_path)[1][0, :256],
        seen(gif_of(film_of(frame), PALETTE))[0, :256],
    ):
        corners = [picture[y, x].astype(int) for y, x in ((-4, 4), (-4, -4), (4, 4))]
        np.testing.assert_allclose(corners, [NO_VALUE, PALETTE[-1], PALETTE[0]], atol=2 * CLOSE)


def test_both_files_show_the_same_pictures(tmp_path):
    film = film_of(waves(3, 64), limits=(0.2, 0.7))
    _, video = decoded(mp4_of(film, PALETTE), tmp_path)
    gif = seen(gif_of(film, PALETTE))
    assert len(gif) == len(video) == 3
    for picture, other in zip(gif, video, strict=True):
        assert picture.shape == other.shape
        assert np.abs(picture[2::4, 2::4] - other[2::4, 2::4]).mean() < CLOSE


def test_below_each_frame_stands_whose_it_is(tmp_path):
    film = film_of(waves(3, 64))
    _, video = decoded(mp4_of(film, PALETTE), tmp_path)
    for pictures in (video.astype(float), seen(gif_of(film, PALETTE))):
        assert pictures.shape == (3, 256 + 26, 256, 3)
        for i, strip in enumerate(pictures[:, 256:]):
            plain = Image.new("L", (256, 26))
            words = f"rho · run aaaaaaaa · t = {i}"
            font = ImageFont.load_default(13)
            ImageDraw.Draw(plain).text((6, 13), words, 255, font, anchor="lm")
            ink = np.asarray(plain) / 255
            ground, full = strip[ink == 0].mean(), strip[ink == 1].mean()
            assert full - ground > 150, "to be read"
            brightness = (strip.mean(axis=2) - ground) / (full - ground)
            sure = np.abs(ink - 0.5) > 0.3
            np.testing.assert_array_equal(brightness[sure] > 0.5, ink[sure] > 0.5, words)
        # Only the time differs, at the end of the words.
        assert np.abs(pictures[0, 256:, :100] - pictures[2, 256:, :100]).max() < FARTHEST


ENDLESS = 20_000


def endless(history):
    """A film that takes minutes, in no memory."""
    times = np.arange(ENDLESS, dtype=float)
    frames = np.broadcast_to(noise(1, 512), (ENDLESS, 512, 512))
    return replace(history, times=times, frames=frames)


def encoders():
    """The processes that encode for this one."""
    return [each for each in psutil.Process().children() if "ffmpeg" in each.name()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_film_is_stopped_and_nothing_of_it_stays(history, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    folder = tmp_path / "temporary"
    folder.mkdir()
    export = FilmExport(kind, NoLoop())
    assert not export.stop.visible
    export.take(endless(history))
    export.make.param.trigger("clicks")
    assert (export.make.disabled, export.stop.visible) == (True, True)
    if kind is MP4:
        settle(lambda: any(each.stat().st_size for each in folder.glob("*/film.mp4")))
        assert encoders()
    export.stop.param.trigger("clicks")
    assert (export.make.disabled, export.stop.visible) == (False, False)
    settle(lambda: not encoders() and not list(folder.iterdir()))
    export.take(history)  # which has to wait until the thread is free
    export.make.param.trigger("clicks")
    settle(lambda: export.download.visible)
    assert not export.words.visible
    assert list(folder.iterdir()) == []
    export.close()


def test_a_film_that_is_all_sent_is_stopped_too(tmp_path, monkeypatch):
    slow, done = tmp_path / "ffmpeg", tmp_path / "done"
    slow.write_text(f"#!/bin/sh\ncat > /dev/null\nsleep 5\ntouch {done}\n")
    slow.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(slow))
    stop = Event()
    Timer(0.5, stop.set).start()
    with pytest.raises(StoppedError):
        film_file.mp4_of(film_of(noise(2, 64)), PALETTE, stop)
    assert not done.exists(), "the encoder was waited for"


def test_a_page_that_is_left_stops_its_film(history):
    for leave in (FilmExport.close, lambda export: export.take(None)):
        export = FilmExport(MP4, NoLoop())
        export.take(endless(history))
        export.make.param.trigger("clicks")
        settle(encoders)
        leave(export)
        settle(lambda: not encoders())
        export.close()


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
    assert export.download.callback().read() == made(kind, history, Event()).content
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
    late = made(GIF, history, export._stop)
    export.take(film_of(noise(1, 32)))
    export._offer(late)
    assert not export.download.visible
    export.close()


PLAYED = """async (film) => {
  const video = document.createElement("video")
  video.muted = true
  video.src = `data:video/mp4;base64,${film}`
  document.body.append(video)
  await new Promise((done, wrong) => {
    // It may be said to be there before the picture of then has been drawn.
    const look = (_, {mediaTime}) =>
      mediaTime > 0.1 ? done() : video.requestVideoFrameCallback(look)
    video.requestVideoFrameCallback(look)
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
    assert (duration, width, height) == (pytest.approx(0.48, abs=0.01), 256, 282)
    picture = np.array(data).reshape(height, width, 4)[8:256:16, 8::16, :3]
    assert np.abs(picture - colours(frames[1])).mean() < CLOSE
