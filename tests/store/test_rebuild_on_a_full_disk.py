"""Whatever room a disk has left, a rebuilt ledger is whole, or the old one is still there."""

import shutil

import pytest
from store_samples import SMALL

from engine.errors import EngineError, LedgerError
from engine.settings import RunConfig
from engine.store.ledger import Ledger
from engine.store.provenance import write_provenance
from engine.store.reader import LedgerReader
from engine.store.rebuild import rebuild_ledger
from engine.store.whole import check_whole
from engine.store.workspace import Workspace

RUNS = 60
ROOMS = range(0, 3 * 2**20, 2**16)
"""Bytes free, from too few for the log of the new ledger to enough for all."""


def full(disk, room):
    """Fill a disk up to so many bytes."""
    filler = disk / "filler"
    with filler.open("wb") as stream:
        stream.write(bytes(max(0, shutil.disk_usage(disk).free - room)))
    return filler


def test_a_rebuild_is_whole_or_refused_at_every_fill(make_disk):
    disk = make_disk("8m")
    place = Workspace.open(disk / "workspace")
    for seed in range(RUNS):
        config = RunConfig(**{**SMALL.to_dict(), "seed": seed})
        name = config.config_hash
        provenance = {"config_hash": name, "status": "diverged", "config": config.to_dict()}
        write_provenance(place.provenance_path(name), provenance)
    Ledger(place.ledger_path).close()
    outcomes = set()
    for room in ROOMS:
        before = place.ledger_path.read_bytes()
        filler = full(disk, room)
        try:
            found = rebuild_ledger(place)
        except EngineError:
            outcomes.add("refused")
            assert place.ledger_path.read_bytes() == before, room
            left = {path.name for path in place.root.iterdir() if path.is_file()}
            assert left == {place.ledger_path.name, "hunt.lock", ".hunt.lock"}, room
        else:
            outcomes.add("whole")
            assert found.runs == RUNS
            assert LedgerReader(place.ledger_path).count() == RUNS, room
            with Ledger(place.ledger_path) as ledger:
                [[verdict]] = ledger._connection.execute("PRAGMA integrity_check")
            assert verdict == "ok", room
            (place.root / found.aside).unlink()
        finally:
            filler.unlink()
        assert not list(place.root.glob(".rebuild-*"))
    assert outcomes == {"refused", "whole"}


@pytest.mark.parametrize("damage", ["a page", "none"])
def test_a_new_ledger_is_looked_at_before_it_takes_the_name(tmp_path, damage):
    path = tmp_path / "simulation_ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.append_event("words")
    if damage == "none":
        check_whole(path)
        return
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\xff" * 8192 + data[16384:])
    with pytest.raises(LedgerError, match="expected a"):
        check_whole(path)
