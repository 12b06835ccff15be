"""Pages come and go and leave nothing behind, in memory or among those who are told of news."""

import json
import subprocess
import sys

import pytest
from audited_hunt import hunted

from irer_panel.background import readers


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    hunted(folder).close()
    return folder


def visited(workspace, batches, each):
    command = [sys.executable, "-m", "tests.panel.many_sessions", workspace, batches, each]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return found["before"], found["after"]


def left(workspace, batches, each):
    """Growth of memory; all else that pages hold is gone, or as it was."""
    before, after = visited(workspace, batches, each)
    assert after["refusals"] == []
    assert after["cockpits"] == after["documents"] == 0
    assert after["listeners"] == after["callbacks"] == 0
    assert after["watchers"] == before["watchers"]
    assert after["threads"] <= readers._max_workers + 5  # two painters, builder, drawer, arrivals
    return after["bytes"] / before["bytes"]


def test_every_tab_is_let_go_of_with_its_page(workspace):
    left(workspace, 1, 2)


@pytest.mark.slow
def test_fifty_sessions_leave_the_memory_as_it_was(workspace):
    growth = left(workspace, 10, 5)
    assert growth < 1.1, f"{growth=:.3f}"
