"""Counts of runs by pixel; and what is compiled before the first user asks for them."""

import subprocess
import sys

import numpy as np

from irer_panel.density import density
from irer_panel.viewport import Window

COMPILES = """
import sys
import numpy as np
from numba.core.event import install_recorder
from irer_panel.density import density, warm_up
from irer_panel.viewport import Window

found = []
random = np.random.default_rng(0)
x, y = 10 ** random.uniform(-3, 1, (2, 5000))
x[:9], y[9:20] = np.nan, -1.0
for work in (
    warm_up,
    lambda: density(x, y, Window((1e-3, 10.0), (1e-2, 5.0), 371, 240)),
    lambda: density(x[:1], y[:1], Window((0.2, 0.3), (0.1, 9.0), 20, 30)),
):
    with install_recorder("numba:compile") as recorder:
        work()
    found.append(len(recorder.buffer))
print(*found)
"""


def test_after_the_warm_up_nothing_is_left_to_compile():
    command = [sys.executable, "-c", COMPILES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    warmed, *later = map(int, done.stdout.split())
    assert warmed > 0, "else nothing says that the recorder hears of it"
    assert later == [0, 0]


def test_every_run_is_counted_under_its_pixel_and_what_has_no_place_is_not():
    x = np.array([0.15, 0.15, 2.0, 50.0, np.nan, -1.0])
    y = np.array([0.15, 0.2, 30.0, 5.0, 1.0, 1.0])
    found = density(x, y, Window((0.1, 10.0), (0.1, 100.0), 2, 3))
    wanted = [[2, np.nan], [np.nan, np.nan], [np.nan, 1]]
    np.testing.assert_array_equal(found.counts, wanted)
