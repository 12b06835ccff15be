"""What one process has compiled, the next one finds."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
from jax import monitoring
seen = []
monitoring.register_event_listener(lambda event, **_: seen.append(event))
from engine.physics.simulate import simulate_batch
from engine.settings import RunConfig
simulate_batch([RunConfig(N_grid=8, T_steps=2)])
hits, misses = (seen.count(f"/jax/compilation_cache/cache_{what}") for what in ("hits", "misses"))
print(hits, misses)
"""


def start(home) -> tuple[int, int]:
    """Programs that a new process took from the cache, and those that it compiled."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    hits, misses = map(int, done.stdout.split())
    return hits, misses


def test_a_second_process_compiles_nothing(tmp_path):
    hits, misses = start(tmp_path)
    assert misses > 0
    assert any((tmp_path / "irer").iterdir())
    assert start(tmp_path) == (hits + misses, 0)


@pytest.mark.parametrize("home", ["a file", "/proc/nowhere"])
def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path, home):
    (tmp_path / "a file").touch()
    assert start(tmp_path / home) == (0, 0)
