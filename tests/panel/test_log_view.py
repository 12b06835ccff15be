"""The log tab shows the end of a real log, and says so where there is none."""

import os

import pytest

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.snapshot import Snapshot
from irer_panel.views.log import TAIL_BYTES, TAIL_LINES, LogView, Tail, read_tail, tail_html


def test_the_last_lines_are_read_and_only_when_something_was_added(tmp_path):
    path = tmp_path / "hunt.log"
    assert read_tail(path, Tail()) == Tail()
    lines = [f"2026-11-21 10:00:00,{i:03d} INFO engine.hunt: line {i}" for i in range(2000)]
    path.write_text("\n".join(lines) + "\n")
    assert path.stat().st_size > TAIL_BYTES
    tail = read_tail(path, Tail())
    assert tail.lines == tuple(lines[-TAIL_LINES:])
    assert read_tail(path, tail) is tail
    with path.open("a") as stream:
        stream.write("2026-11-21 10:01:00,000 ERROR engine.hunt: <b>broke</b>\n")
    after = read_tail(path, tail)
    assert after.lines[-1].endswith("<b>broke</b>")
    assert '<span class="ERROR">2026-11-21 10:01:00,000 ERROR engine.hunt: &lt;b&gt;' in tail_html(
        after, "hunt.log"
    )


def test_a_line_that_is_cut_in_the_middle_is_left_out(tmp_path):
    path = tmp_path / "hunt.log"
    path.write_text("x" * TAIL_BYTES + "\nlast\n")
    assert read_tail(path, Tail()).lines == ("last",)


def test_a_traceback_has_the_colour_of_its_line():
    text = tail_html(Tail(lines=("2026-11-21 1:1 ERROR a: b", "Traceback", "  at c")), "x.log")
    assert text.count('class="ERROR"') == 3


def test_an_empty_log_and_one_that_cannot_be_read_say_so(tmp_path):
    assert "The log is empty" in tail_html(Tail(), "x.log")
    (tmp_path / "x.log").mkdir()
    tail = read_tail(tmp_path / "x.log", Tail())
    assert tail.problem == "x.log: Is a directory, expected a readable log."
    assert tail.problem in tail_html(tail, "x.log")


@pytest.mark.skipif(os.getuid() != 0, reason="another user's file")
def test_bytes_that_are_no_text_stop_nothing(tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(b"\xff\xfe broken\n")
    assert len(read_tail(path, Tail()).lines) == 1


def test_a_hunt_tells_its_beginning_its_generations_and_its_end(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    settings = HuntSettings.from_mapping(
        {"num_generations": 2, "population_size": 2, "N_grid": 16, "T_steps": 2, "null_draws": 19}
    )
    hunt = engine.start_hunt(settings)
    engine.wait()
    engine.close()
    view = LogView(engine.workspace.hunt_log_path, NoLoop())
    view._reads._executor.submit(lambda: None).result()
    view.snapshot = Snapshot(taken=1.0)
    for _ in range(100):
        if f"Hunt {hunt} completed" in view._pane.object:
            break
        view._reads._executor.submit(lambda: None).result()
        view.snapshot = Snapshot(taken=view.snapshot.taken + 1)
    text = view._pane.object
    view.close()
    assert f"Hunt {hunt} started: 2 × 2 runs, genetic" in text
    assert f"Hunt {hunt}: generation 1 of 2 is done, 2 runs" in text
    assert f"Hunt {hunt}: generation 2 of 2 is done, 4 runs" in text
    assert f"Hunt {hunt} completed after 4 runs." in text
