"""The stored frames as a file that other programs play: each cell a block of pixels, y up.

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

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray
from PIL import Image

from engine.errors import EngineError
from irer_panel.history import History

LEAST_SIDE = 256
"""Least side of a picture in pixels: small grids are enlarged by whole numbers."""

FRAMES_A_SECOND = "25/3"
"""Of an MP4; a GIF counts hundredths of a second."""

MILLISECONDS = 120
"""How long a GIF shows each frame."""

NO_VALUE = (128, 128, 128)
"""Colour of a cell that is not finite."""

_QUALITY = "12"
"""x264's constant rate factor: below 18 the eye sees no loss."""

Pixels = NDArray[np.uint8]


def gif_of(history: History, palette: Pixels) -> bytes:
    """The frames one after the other as an animated GIF, in one colour range.

    Args:
        history: the frames.
        palette: colours from the lowest value to the highest, (C, 3), C ≤ 255.
    """
    colours = np.array([*palette, NO_VALUE], np.uint8).tobytes()

    def images() -> Iterator[Image.Image]:
        for frame in pictures(history, len(palette)):
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


def mp4_of(history: History, palette: Pixels) -> bytes:
    """The same frames in the same colours as an MP4 (H.264, yuv420p, BT.709).

    Args:
        history: the frames.
        palette: colours from the lowest value to the highest, (C, 3), C ≤ 255.

    Raises:
        EngineError: the encoder is missing, cannot encode H.264, or has no room for the film.
    """
    colours = np.array([*palette, NO_VALUE], np.uint8)
    side = history.frames.shape[1] * enlargement(history.frames.shape[1])
    try:
        with tempfile.TemporaryDirectory(prefix="irer-film-") as folder:
            film, words = Path(folder, "film.mp4"), Path(folder, "words")
            with words.open("wb") as said:
                encoder = subprocess.Popen(_command(side, film), stdin=subprocess.PIPE, stderr=said)
                with suppress(BrokenPipeError), encoder:  # why it ended, it says
                    assert encoder.stdin is not None
                    for frame in pictures(history, len(palette)):
                        encoder.stdin.write(colours[frame].data)
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


def pictures(history: History, colours: int) -> Iterator[Pixels]:
    """Each frame as numbers of colours; the one after the last is for cells that are not finite."""
    low, high = history.limits
    times = enlargement(history.frames.shape[1])
    for frame in history.frames:
        share = (frame[::-1] - low) / (high - low)
        place = np.clip(np.nan_to_num(share), 0, 1) * (colours - 1)
        index = np.where(np.isfinite(share), place, colours).astype(np.uint8)
        yield np.ascontiguousarray(index.repeat(times, 0).repeat(times, 1))


def enlargement(side: int) -> int:
    """Pixels along a cell: so many that a picture is large enough and, for H.264, even."""
    times = -(-LEAST_SIDE // side)
    return times + times * side % 2


def _command(side: int, film: Path) -> list[str]:
    # Its colours named, or players guess them; its index in front, so that browsers need not wait.
    scale = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"
    named = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    words = f"""-v error -nostdin
        -f rawvideo -pix_fmt rgb24 -s {side}x{side} -r {FRAMES_A_SECOND} -i pipe:0 -an
        -c:v libx264 -preset fast -crf {_QUALITY} -pix_fmt yuv420p -vf {scale},{named}
        -movflags +faststart"""
    return [get_ffmpeg_exe(), *words.split(), str(film)]
