"""Numba has a place for what it compiles, wherever it may not write."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from irer_panel import numba_cache

PICTURE = """
import os
from pathlib import Path
from irer_panel import numba_cache, viewport
numba_cache._places = lambda: (Path("/proc/nowhere"), Path("/dev/null/numba"))
numba_cache.have_numba_cache()
place = Path(os.environ["NUMBA_CACHE_DIR"])
viewport.warm_up()
import numba
print(place, oct(place.stat().st_mode), numba.config.CACHE_DIR)
"""


def test_nowhere_to_write_gets_a_folder_of_its_own_until_the_end():
    rest = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", PICTURE], env=rest, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    place, mode, known = done.stdout.split()
    assert stat.S_IMODE(int(mode, 8)) == 0o700  # what is kept there is run
    assert known == place
    assert not Path(place).exists()


@pytest.mark.parametrize("set_by_hand", [True, False])
def test_a_place_that_is_there_stays(monkeypatch, tmp_path, set_by_hand):
    nowhere = Path("/proc/nowhere")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if set_by_hand:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(numba_cache, "_places", lambda: (nowhere, tmp_path / "numba"))
    if set_by_hand:
        monkeypatch.setattr(numba_cache, "_places", lambda: (nowhere,))
    numba_cache.have_numba_cache()
    assert os.environ.get("NUMBA_CACHE_DIR") == (str(tmp_path) if set_by_hand else None)
