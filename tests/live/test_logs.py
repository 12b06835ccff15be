"""The logs of a workspace: what goes where, and that they never fill the disk."""

import logging

from engine.live import logs
from engine.store.workspace import Workspace


def test_logs_rotate_and_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)
    place = Workspace.open(tmp_path)
    end = logs.log_to(place)
    try:
        for i in range(400):
            logging.getLogger("engine.hunt.loop").info("generation %d is done", i)
    finally:
        end()
    path = place.hunt_log_path
    kept = sorted(path.parent.glob(f"{path.name}*"))
    assert [each.name.removeprefix(path.name) for each in kept] == [
        "", ".1", ".2", ".3",
    ]  # fmt: skip
    assert all(each.stat().st_size <= 2000 for each in kept)
    assert "generation 399 is done" in path.read_text()
    assert "generation 0 is done" not in "".join(each.read_text() for each in kept)
    assert "generation 399 is done" in place.hub_log_path.read_text()
    logging.getLogger("engine.hunt.loop").info("nobody hears this")
    assert "nobody hears this" not in place.hub_log_path.read_text()
