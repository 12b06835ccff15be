"""The Fourier transforms of a compiled program, read from its text, and the same ones alone."""

import re
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

_OPERATION = re.compile(r"= (\w+)\[([\d,]+)\]\S* fft\((.*)")
_COMPLEX = {"f32": "c64", "f64": "c128", "c64": "c64", "c128": "c128"}


class Transforms(NamedTuple):
    """One operation of a compiled program: `lines` 1-D transforms of `length` cells each.

    `kind` is FFT, IFFT, RFFT or IRFFT.
    """

    kind: str
    lines: int
    length: int
    dtype: str

    @property
    def equivalents(self) -> float:
        """Complex 2-D transforms on length × length that are as much work: 2 passes of lines."""
        return self.lines / (2 * self.length) * (0.5 if self.kind.startswith(("R", "IR")) else 1)


def transforms_of(program: str) -> list[Transforms]:
    """Every Fourier transform in the text of a compiled program.

    One over two axes is taken apart into its passes: so many lines along each.
    """
    found = []
    for dtype, shape, rest in _OPERATION.findall(program):
        kind = re.search(r"fft_type=(\w+)", rest)
        length = re.search(r"fft_length=\{([\d,]+)\}", rest)
        if kind is None or length is None:
            raise ValueError(f"got {rest[:200]!r}, expected fft_type and fft_length")
        axes = [int(n) for n in length[1].split(",")]
        lines = int(np.prod([int(n) for n in shape.split(",")])) // axes[-1]
        if kind[1] == "RFFT":
            lines = int(np.prod([int(n) for n in shape.split(",")[:-1]]))
        one = Transforms(kind[1], lines, axes[-1], _COMPLEX[dtype])
        found += [one] * len(axes)
    return found


def transform(t: Transforms, lines: Array) -> Array:
    """Do one of them; returns one value of it, so that little else is done."""
    done = {"FFT": jnp.fft.fft, "IFFT": jnp.fft.ifft, "RFFT": jnp.fft.rfft}.get(t.kind)
    out = jnp.fft.irfft(lines, n=t.length) if done is None else done(lines)
    return out[0, 0].real.astype(lines.dtype)


def sample_input(t: Transforms) -> Array:
    """Noise of the shape and type that a transform takes, (lines, …)."""
    width = t.length // 2 + 1 if t.kind == "IRFFT" else t.length
    noise = jax.random.normal(jax.random.key(0), (t.lines, width), jnp.float32)
    complex_ = jnp.dtype({"c64": "complex64", "c128": "complex128"}[t.dtype])
    return noise.astype(noise.real.astype(complex_).real.dtype if t.kind == "RFFT" else complex_)
