"""The ledger comes back from the files of the runs, whatever became of it."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from store_samples import SMALL, run_result

from engine.errors import WorkspaceBusyError, WorkspaceError
from engine.hunt.outcome import record
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import write_artifact
from engine.store.hunt_record import read_hunt_records, write_hunt_record
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.places_file import places_path
from engine.store.provenance import write_provenance
from engine.store.reader import COLUMNS, LedgerReader
from engine.store.rebuild import rebuild_ledger
from engine.store.run_row import RunRow

COUNT = 12


def provenance_of(config, i):
    ok = i % 4 != 3
    return {
        "config_hash": config.config_hash,
        "status": "ok" if ok else "too_few_peaks",
        "error": "" if ok else "two peaks",
        "config": config.to_dict(),
        "sdg_h_norm_l2": i / 3,
        "pcs_score": 0.5,
        "defect_density": None,
        "spectral_fidelity": {"log_prime_sse": i / 7 if ok else None, "n_peaks": i},
        "integrity": {"evolution_residual": 1e-9},
        "artifact": {"sha256": "a" * 64, "bytes": 1000 + i},
    }


@pytest.fixture
def runs(workspace):
    """Runs with all their files, committed at places of a hunt that has a record."""
    configs = [RunConfig(**{**SMALL.to_dict(), "seed": seed}) for seed in range(COUNT)]
    reader = LedgerReader(workspace.ledger_path)
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings(population_size=COUNT))
        write_hunt_record(workspace, reader.latest_hunt())
        for i, config in enumerate(configs):
            write_artifact(workspace.artifact_path(config.config_hash), config, run_result(config))
            provenance = provenance_of(config, i)
            path = workspace.provenance_path(config.config_hash)
            write_provenance(path, provenance)
            os.utime(path, ns=(i * 10**9, i * 10**9))
            ledger.commit_run(
                hunt,
                1,
                i,
                RunRow.from_provenance(config, provenance),
                None if i % 4 == 3 else i / 3,
                gradient=None if i else [0.1, -2e-300],
            )
        ledger.finish_hunt(hunt, "completed", "Its budget is spent.")
        record(workspace, reader, hunt)
    return [config.config_hash for config in configs]


def rows(workspace):
    names = [name for name in COLUMNS if name != "committed"]
    found = LedgerReader(workspace.ledger_path).runs()
    return [{name: row[name] for name in names} for row in found]


@pytest.mark.parametrize("fate", ["sound", "lost", "corrupted", "no database"])
def test_every_row_comes_back_column_by_column(workspace, runs, fate):
    before = rows(workspace)
    path = workspace.ledger_path
    if fate == "lost":
        path.unlink()
    elif fate == "corrupted":
        path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 5000)
    elif fate == "no database":
        path.write_bytes(b"gone")
    kept = path.read_bytes() if path.exists() else None
    found = rebuild_ledger(workspace)
    assert rows(workspace) == before
    assert found.runs == COUNT
    assert found.damaged == {}
    assert found.without_artifact == found.without_provenance == []
    if kept is None:
        assert found.aside == ""
    else:
        assert (workspace.root / found.aside).read_bytes() == kept
    hidden = [p.name for p in workspace.root.iterdir() if p.name.startswith(".")]
    assert hidden == [".hunt.lock"]


def test_a_hunt_comes_back_as_it_ended_with_its_places(workspace, runs):
    reader = LedgerReader(workspace.ledger_path)
    before, held = reader.latest_hunt(), reader.generation(reader.latest_hunt()["hunt_id"], 1)
    found = rebuild_ledger(workspace)
    assert reader.latest_hunt() == before
    assert (before["state"], before["reason"]) == ("completed", "Its budget is spent.")
    after = reader.generation(before["hunt_id"], 1)
    places = [{**row, "committed": ""} for row in held.values()]
    assert [{**row, "committed": ""} for row in after.values()] == places
    assert [row["gradient"] for row in held.values()].count(None) == COUNT - 1
    assert found.without_places == []


def test_a_hunt_of_whose_places_nothing_tells_comes_back_stopped(workspace, runs):
    before = LedgerReader(workspace.ledger_path).latest_hunt()
    places_path(workspace, before["hunt_id"]).unlink()
    found = rebuild_ledger(workspace)
    assert (found.without_places, found.damaged) == ([before["hunt_id"]], {})
    assert "asks for the same runs again" in "\n".join(found.lines())
    after = LedgerReader(workspace.ledger_path).latest_hunt()
    for name in ("hunt_id", "created", "settings", "ended"):
        assert after[name] == before[name]
    assert after["state"] == "stopped"
    assert "was completed (Its budget is spent): resume it" in after["reason"]
    assert LedgerReader(workspace.ledger_path).runs(before["hunt_id"]) == []
    with Ledger(workspace.ledger_path) as ledger:
        assert ledger.create_hunt(HuntSettings())[:-3] == before["hunt_id"][:-3]
        assert len(LedgerReader(workspace.ledger_path).hunts()) == 2


def test_the_log_of_the_old_ledger_goes_with_it(workspace, runs):
    path = workspace.ledger_path
    with Ledger(path) as ledger:  # as after a crash: the last commit is in the log alone
        ledger.append_event("last_words")
        log = path.with_name(path.name + "-wal").read_bytes()
        found = rebuild_ledger(workspace)
        assert [p.name for p in path.parent.glob("*ledger.sqlite*")] == [path.name]
        aside = workspace.root / found.aside
        assert aside.with_name(aside.name + "-wal").read_bytes() == log
        kinds = [event.kind for event in LedgerReader(aside).events_after(0)]
        assert kinds[-1] == "last_words"
    assert [e.kind for e in LedgerReader(path).events_after(0)] == ["ledger_rebuilt"]


def test_what_is_missing_or_damaged_is_named_and_stops_nothing(workspace, runs):
    workspace.provenance_path(runs[0]).write_text("{")
    workspace.provenance_path(runs[1]).unlink()
    workspace.artifact_path(runs[2]).unlink()
    forged = provenance_of(RunConfig(**{**SMALL.to_dict(), "seed": 99}), 3)
    write_provenance(workspace.provenance_path(runs[3]), {**forged, "config_hash": runs[3]})
    negative = provenance_of(RunConfig(**{**SMALL.to_dict(), "seed": 4}), 4)
    write_provenance(workspace.provenance_path(runs[4]), {**negative, "sdg_h_norm_l2": -1.0})
    text = {**provenance_of(RunConfig(**{**SMALL.to_dict(), "seed": 5}), 5), "artifact": "none"}
    write_provenance(workspace.provenance_path(runs[5]), text)
    (workspace.root / "analysis_reports" / "hunt_2026-11-20-001.json").write_text("[]")
    found = rebuild_ledger(workspace)
    unusable = [workspace.provenance_path(runs[i]).name for i in (0, 3, 4, 5)]
    [lost] = found.without_places
    files = ["hunt_2026-11-20-001.json", places_path(workspace, lost).name]
    assert sorted(found.damaged) == sorted([*unusable, *files])
    assert found.without_artifact == [runs[2]]
    assert found.without_provenance == [runs[1]]
    assert found.runs == len(rows(workspace)) == COUNT - 5
    text = "\n".join(found.lines())
    assert "6 could not be used" in text
    assert "irer validate" in text


def test_a_config_that_the_report_lacks_is_taken_from_its_file(workspace, runs):
    before = rows(workspace)
    for name in runs[:2]:
        config = RunConfig(**{**SMALL.to_dict(), "seed": runs.index(name)})
        bare = {**provenance_of(config, runs.index(name)), "config": {}}
        write_provenance(workspace.provenance_path(name), bare)
        os.utime(workspace.provenance_path(name), ns=(0, 0))
    workspace.config_path(runs[0]).write_text(json.dumps({**SMALL.to_dict(), "seed": 0}))
    found = rebuild_ledger(workspace)
    assert next(iter(found.damaged)) == workspace.provenance_path(runs[1]).name
    left = [row["config_hash"] for row in before if row["config_hash"] != runs[1]]
    assert [row["config_hash"] for row in rows(workspace)] == left


def test_nothing_is_rebuilt_under_a_hunt(workspace, runs):
    before = workspace.ledger_path.read_bytes()
    with (
        WorkspaceLock(workspace.root).acquire("hunt"),
        pytest.raises(WorkspaceBusyError, match="wait for it"),
    ):
        rebuild_ledger(workspace)
    assert workspace.ledger_path.read_bytes() == before


def test_a_rebuild_that_was_killed_leaves_no_trace_in_the_next(workspace, runs):
    dead = Path(tempfile.mkdtemp(prefix=".rebuild-", dir=workspace.root))
    (dead / "simulation_ledger.sqlite").write_bytes(b"half")
    assert rebuild_ledger(workspace).runs == COUNT
    assert not dead.exists()


def test_records_come_in_the_order_of_the_hunts(workspace):
    settings = HuntSettings().to_dict()
    hunt = {"created": "2026-11-21T00:00:00.000+00:00", "settings": settings}
    hunt |= {"state": "running", "reason": "", "ended": None}
    for name in ("2026-11-21-1000", "2026-11-21-999", "2026-11-20-001"):
        write_hunt_record(workspace, {**hunt, "hunt_id": name})
    records, damaged = read_hunt_records(workspace)
    assert [r["hunt_id"][-8:] for r in records] == ["1-20-001", "1-21-999", "-21-1000"]
    assert damaged == {}
    with pytest.raises(WorkspaceError, match="expected a date and a number"):
        write_hunt_record(workspace, {**hunt, "hunt_id": "../escape"})
