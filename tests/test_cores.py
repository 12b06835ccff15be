"""Work that nobody waits for lets the page go first."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.cores import STEP_ASIDE, step_aside, usable_cores
from engine.hunt.auditors import _pool

linux = pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")


def own_nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_at_least_one_core_is_usable():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@linux
def test_a_thread_that_steps_aside_is_nicer_than_the_one_that_started_it():
    with ThreadPoolExecutor(1, initializer=step_aside) as aside:
        assert aside.submit(own_nice).result() == min(19, own_nice() + STEP_ASIDE)


@linux
def test_an_auditor_steps_aside():
    with _pool(1) as auditors:
        nice = auditors.submit(os.getpriority, os.PRIO_PROCESS, 0).result()
    assert nice == min(19, own_nice() + STEP_ASIDE)
