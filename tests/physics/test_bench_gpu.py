"""The accelerator's bench, rehearsed where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_gpu import bytes_moved, slug, verdict
from benchmarks.transforms import Transforms

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> str:
    """What the bench prints on a machine without an accelerator."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "benchmarks.bench_gpu", *arguments],
        env={**os.environ, "JAX_PLATFORMS": "cpu"}, cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_rehearsal_measures_every_row_and_keeps_the_table(tmp_path):
    printed = bench("--cpu", "--results", str(tmp_path))
    kept = (tmp_path / "cpu.md").read_text(encoding="utf-8")
    assert printed.startswith(kept)
    rows = [
        line.split("|")[1:-1] for line in kept.splitlines() if line[:3] in ("| 1", "| 2", "| 3")
    ]
    assert [row[0].strip() for row in rows] == ["16", "32", "2"]
    assert all(float(row[1]) > 0 for row in rows)
    assert "not measured here" in kept


def test_without_an_accelerator_one_line_says_so():
    assert bench().count("\n") == 1


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        # Each line read and written: complex64 has 8 bytes, its real counterpart 4.
        (Transforms("FFT", 10, 64, "c64"), 10 * (64 * 8 + 64 * 8)),
        (Transforms("IFFT", 10, 64, "c128"), 10 * (64 * 16 + 64 * 16)),
        (Transforms("RFFT", 10, 64, "c64"), 10 * (64 * 4 + 33 * 8)),
        (Transforms("IRFFT", 10, 64, "c64"), 10 * (33 * 8 + 64 * 4)),
    ],
)
def test_a_pass_moves_its_lines_in_and_out_once(transform, expected):
    assert bytes_moved(transform) == expected


@pytest.mark.parametrize(
    ("share", "said"), [(0.5, "got 50%, met"), (0.49, "got 49%, missed"), (None, "not measured")]
)
def test_the_verdict_says_whether_the_target_is_met(share, said):
    assert said in verdict(share)


def test_a_device_gives_its_table_a_plain_file_name():
    assert slug("NVIDIA H100 80GB HBM3") == "nvidia-h100-80gb-hbm3"
