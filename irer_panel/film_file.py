"""The stored frames as a file that other programs play: each cell a block of pixels, y up.

Below each frame stands whose it is: the field, the run and the time.

An MP4 is H.264 in yuv420p, which every browser and PowerPoint play. It is encoded by the ffmpeg
that imageio-ffmpeg brings along: a program of its own, so that x264's licence (GPL) is not ours,
and a film in the making leaves the server's threads alone. Both kinds are written frame by frame.
"""

import io
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.errors import EngineError
from irer_panel.history import History
from irer_panel.wording import short_id

LEAST_SIDE = 256
"""Least side of a picture in pixels: small grids are enlarged by whole numbers."""

FRAMES_A_SECOND = "25/3"
"""Of an MP4; a GIF counts hundredths of a second."""

MILLISECONDS = 120
"""How long a GIF shows each frame."""

NO_VALUE = (128, 128, 128)
"""Colour of a cell that is not finite."""

COLOURS = 250
"""Most colours of a field's map in a file: a GIF has 256, and others are needed beside them."""

_INKS = [(23 + 53 * i, 29 + 52 * i, 37 + 51 * i) for i in range(5)]
"""From the ground of the words below a frame to the words."""

_QUALITY = "12"
"""x264's constant rate factor: below 18 the eye sees no loss."""

Pixels = NDArray[np.uint8]


class StoppedError(Exception):
    """A film that was asked for is wanted no more."""


def gif_of(history: History, palette: Pixels, stop: Event) -> bytes:
    """The frames one after the other as an animated GIF, in one colour range.

    Args:
        history: the frames.
        palette: colours from the lowest value to the highest, (C, 3), C ≤ `COLOURS`.
        stop: once it is set the film is given up.

    Raises:
        StoppedError: it was given up.
    """
    colours = _colours(palette).tobytes()

    def images() -> Iterator[Image.Image]:
        for frame in pictures(history, len(palette), stop):
            image = Image.fromarray(frame)
            image.putpalette(colours)
            yield image

    found, stream = images(), io.BytesIO()
    next(found).save(
        stream,
        "GIF",
        save_all=True,
        append_images=found,
        duration=MILLISECONDS,
        loop=0,
        optimize=False,
    )
    return stream.getvalue()


def mp4_of(history: History, palette: Pixels, stop: Event) -> bytes:
    """The same frames in the same colours as an MP4 (H.264, yuv420p, BT.709).

    Args:
        history: the frames.
        palette: colours from the lowest value to the highest, (C, 3), C ≤ `COLOURS`.
        stop: once it is set the film is given up, and nothing of it stays.

    Raises:
        StoppedError: it was given up.
        EngineError: the encoder is missing, cannot encode H.264, or has no room for the film.
    """
    colours = _colours(palette)
    side = history.frames.shape[1] * enlargement(history.frames.shape[1])
    size = f"{side}x{side + _strip(side)}"
    try:
        with tempfile.TemporaryDirectory(prefix="irer-film-") as folder:
            film, words = Path(folder, "film.mp4"), Path(folder, "words")
            with words.open("wb") as said:
                encoder = subprocess.Popen(_command(size, film), stdin=subprocess.PIPE, stderr=said)
                with suppress(BrokenPipeError), encoder:  # why it ended, it says
                    _feed(encoder, (colours[i] for i in pictures(history, len(palette), stop)))
                    _await(encoder, stop)
            if stop.is_set():  # also where its last words to the encoder broke the pipe
                raise StoppedError
            if encoder.returncode == 0:
                return film.read_bytes()
            reason = words.read_text(errors="replace").strip().splitlines() or ["no words"]
            problem = f"exit code {encoder.returncode} ({reason[-1][:200]})"
    except (OSError, RuntimeError) as error:
        problem = str(error)
    raise EngineError(
        f"MP4: got {problem} from the encoder ffmpeg, expected a film; make a GIF instead, or set "
        "IMAGEIO_FFMPEG_EXE to an ffmpeg that has libx264 and start the server again."
    )


def pictures(history: History, colours: int, stop: Event) -> Iterator[Pixels]:
    """Each frame and its words as numbers of colours: the map's, `NO_VALUE`, the inks.

    Raises:
        StoppedError: `stop` is set.
    """
    low, high = history.limits
    times = enlargement(history.frames.shape[1])
    for time, frame in zip(history.times, history.frames, strict=True):
        if stop.is_set():
            raise StoppedError
        share = (frame[::-1] - low) / (high - low)
        place = np.clip(np.nan_to_num(share), 0, 1) * (colours - 1)
        index = np.where(np.isfinite(share), place, colours).astype(np.uint8)
        picture = index.repeat(times, 0).repeat(times, 1)
        words = f"{history.style.key} · run {short_id(history.run)} · t = {time:,.6g}"
        yield np.concatenate([picture, colours + 1 + _written(words, len(picture))])


def enlargement(side: int) -> int:
    """Pixels along a cell: so many that a picture is large enough and, for H.264, even."""
    times = -(-LEAST_SIDE // side)
    return times + times * side % 2


def _colours(palette: Pixels) -> Pixels:
    return np.array([*palette, NO_VALUE, *_INKS], np.uint8)


def _strip(side: int) -> int:
    """Height of the words below a frame: even, as H.264 wants it."""
    return 2 * (side // 20 + 1)


def _written(words: str, side: int) -> Pixels:
    """Words on a strip as wide as a frame, as numbers of inks."""
    height = _strip(side)
    image = Image.new("L", (side, height))
    font = ImageFont.load_default(height // 2)  # Pillow's own: no Greek, but it is there
    ImageDraw.Draw(image).text((height // 4, height // 2), words, 255, font, anchor="lm")
    return (np.asarray(image) / 255 * (len(_INKS) - 1)).round().astype(np.uint8)


def _feed(encoder: subprocess.Popen[bytes], frames: Iterator[Pixels]) -> None:
    assert encoder.stdin is not None
    try:
        for frame in frames:
            encoder.stdin.write(frame.data)
        encoder.stdin.close()
    except StoppedError:
        encoder.kill()
        raise


def _await(encoder: subprocess.Popen[bytes], stop: Event) -> None:
    """Wait until all frames are encoded, for which it holds dozens of them back."""
    while encoder.poll() is None:
        if stop.wait(0.05):
            encoder.kill()
            raise StoppedError


def _command(size: str, film: Path) -> list[str]:
    # Its colours named, or players guess them; its index in front, so that browsers need not wait.
    scale = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
    named = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    words = f"""-v error -nostdin
        -f rawvideo -pix_fmt rgb24 -s {size} -r {FRAMES_A_SECOND} -i pipe:0 -an
        -c:v libx264 -preset fast -crf {_QUALITY} -pix_fmt yuv420p -vf {scale},{named}
        -movflags +faststart"""
    return [get_ffmpeg_exe(), *words.split(), str(film)]
