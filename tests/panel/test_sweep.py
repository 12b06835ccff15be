"""What is old and unreachable is collected after a page's end, and hardly at any other time."""

import gc
import weakref

import pytest
from audited_hunt import becomes

from irer_panel import sweep


class Page:
    """Something that only a collection frees: it refers to itself."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def settled():
    before = gc.get_threshold()
    sweep.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def grown_old():
    page = Page()
    for generation in (0, 1):
        gc.collect(generation)
    return weakref.ref(page)


def test_what_a_closed_page_leaves_is_collected_once_for_all_that_closed(settled, monkeypatch):
    monkeypatch.setattr(sweep, "DELAY", 0.3)
    full = []
    gc.callbacks.append(lambda phase, info: full.append(info) if info["generation"] == 2 else None)
    try:
        pages = [grown_old() for _ in range(3)]
        for page in pages:
            sweep.sweep_soon(page)
        assert all(page() for page in pages)
        becomes(lambda: not any(page() for page in pages))
        becomes(lambda: len(full) == 4)  # two, each with a start and an end
        becomes(lambda: not sweep._waits)
        sweep.sweep_soon()
        becomes(lambda: not sweep._waits)
        assert len(full) == 6
    finally:
        gc.callbacks.pop()


def test_what_is_made_and_dropped_meanwhile_has_no_page_looked_through(settled):
    """As often as Python would look through all that is old ten times."""
    gc.collect()
    before = gc.get_stats()[2]["collections"]
    young, middle, _ = gc.get_threshold()
    kept = [[] for _ in range(young * middle * 100)]
    assert gc.get_stats()[2]["collections"] == before
    assert kept
