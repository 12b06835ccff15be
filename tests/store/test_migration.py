"""A ledger of version 1, as the engine wrote it before, becomes one of this version."""

import json
import sqlite3
from pathlib import Path

import pytest
from store_samples import run_row

from engine.errors import LedgerError
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger, bring_up_to_date
from engine.store.lock import WorkspaceLock
from engine.store.reader import COLUMNS, LedgerReader
from engine.store.tables import USER_VERSION

SCHEMA_1, *LATER = (
    (Path(__file__).parent / f"ledger_version_{version}.sql").read_text(encoding="utf-8")
    for version in (1, 2, 3)
)
METRICS = {"log_prime_sse": 0.25, "p_phase_scramble": 0.5, "pcs_score": 0.75, "n_peaks": 4}


@pytest.fixture
def old(workspace):
    """Three runs at four places of two hunts, one run outside, and their events."""
    connection = sqlite3.connect(workspace.ledger_path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(SCHEMA_1)
    settings = json.dumps(HuntSettings().to_dict())
    for hunt, state in (("2026-11-20-001", "completed"), ("2026-11-20-002", "failed")):
        connection.execute(
            "INSERT INTO hunts VALUES (?, '2026-11-20', ?, ?, 'why', '2026-11-21')",
            (hunt, settings, state),
        )
    for seed in range(4):
        config = RunConfig(seed=seed)
        values = {
            "config_hash": config.config_hash,
            "param_hash": config.param_hash,
            "config": json.dumps(config.to_dict()),
            "param_kappa": 0.05,
            "param_sigma_k": 0.5,
            "param_alpha": 0.5,
            "committed": f"2026-11-20T0{seed}",
            **({"status": "diverged", "error": "early"} if seed == 2 else METRICS),
        }
        values.setdefault("status", "ok")
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", [*values.values()])
    places = [("1", 1, 0, 0, 4.0), ("1", 1, 1, 1, 4.0), ("2", 1, 0, 1, 4.0), ("2", 7, 3, 2, None)]
    for hunt, generation, member, seed, fitness in places:
        key = RunConfig(seed=seed).config_hash
        place = (f"2026-11-20-00{hunt}", generation, member, key)
        connection.execute("INSERT INTO hunt_runs VALUES (?, ?, ?, ?, ?)", (*place, fitness))
        payload = json.dumps({"generation": generation, "member": member, "fitness": fitness})
        connection.execute(
            "INSERT INTO events (at, kind, hunt_id, config_hash, payload) "
            "VALUES ('2026-11-20', 'run_committed', ?, ?, ?)",
            (place[0], key, payload),
        )
    connection.commit()
    connection.close()
    return workspace


def table(path, name):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]
    connection.close()
    return rows


TABLES = ("hunts", "runs", "hunt_runs", "events")


def test_nothing_is_lost_on_the_way_to_this_version(old):
    before = {name: table(old.ledger_path, name) for name in TABLES}
    bring_up_to_date(old)
    for name, rows in before.items():
        after = table(old.ledger_path, name)
        kept = [{key: row[key] for key in rows[0]} for row in after]
        assert kept == rows, name
    [version] = table(old.ledger_path, "pragma_user_version()")
    assert version == {"user_version": USER_VERSION}
    assert table(old.ledger_path, "pragma_integrity_check()") == [{"integrity_check": "ok"}]
    assert table(old.ledger_path, "pragma_foreign_key_check()") == []


def test_what_was_old_is_listed_like_what_is_new(old):
    bring_up_to_date(old)
    assert len(table(old.ledger_path, "listing")) == 4 + 4, "no row waits: runs and places"
    reader = LedgerReader(old.ledger_path)
    rows = reader.runs()
    assert [row["hunt_id"] for row in rows] == ["2026-11-20-001"] * 2 + ["2026-11-20-002", None]
    assert [tuple(row) for row in rows] == [COLUMNS] * 4
    assert rows[0]["log_prime_sse"] == 0.25
    assert rows[0]["defect_density"] is rows[0]["evicted"] is None
    assert [row["replicate"] for row in reader.runs("2026-11-20-002")] == [0, 0]
    assert reader.counts("2026-11-20-002") == {"ok": 1, "diverged": 1}
    assert reader.best()["member"] == 0
    with Ledger(old.ledger_path) as ledger:
        again = ledger.commit_run("2026-11-20-001", 1, 0, run_row(0), 4.0)
        assert again.seq == 1, "the place is known, and its event"
        ledger.commit_run("2026-11-20-001", 1, 0, run_row(0), 5.0, replicate=1)
    assert reader.count("2026-11-20-001") == 3


def test_a_reader_that_comes_first_says_what_to_do(old):
    before = old.ledger_path.read_bytes()
    with pytest.raises(
        LedgerError, match=f"version 1, this engine reads {USER_VERSION}"
    ) as refused:
        LedgerReader(old.ledger_path).runs()
    assert "run `irer export`" in str(refused.value)
    assert old.ledger_path.read_bytes() == before


def test_a_ledger_that_is_hunted_in_is_not_changed_under_the_hunt(old):
    with WorkspaceLock(old.root).acquire("hunt"):
        bring_up_to_date(old)
    [version] = table(old.ledger_path, "pragma_user_version()")
    assert version == {"user_version": 1}


def test_an_update_that_fails_leaves_the_old_ledger_whole(old):
    before = {name: table(old.ledger_path, name) for name in TABLES}
    connection = sqlite3.connect(old.ledger_path)
    connection.execute("CREATE TABLE tallies (in_the_way)")  # among the last to be made
    connection.commit()
    connection.close()
    with pytest.raises(LedgerError, match="tallies already exists"):
        Ledger(old.ledger_path)
    assert {name: table(old.ledger_path, name) for name in TABLES} == before


def schema(path):
    """What the ledger is made of, in its own words."""
    connection = sqlite3.connect(path)
    query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    found = {(kind, name): " ".join(text.split()) for kind, name, text in connection.execute(query)}
    connection.close()
    return found


@pytest.mark.parametrize("tables", LATER, ids=["2", "3"])
def test_a_later_version_becomes_the_very_tables_of_this_version(workspace, tmp_path, tables):
    """A run outside any hunt is in its listing, and a row waits in its tail."""
    connection = sqlite3.connect(workspace.ledger_path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(tables)
    connection.close()
    assert schema(workspace.ledger_path)
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(None, 0, 0, run_row(0))
        ledger.commit_run(hunt, 1, 0, run_row(0), 4.0)
    fresh = tmp_path / "fresh.sqlite"
    Ledger(fresh).close()
    assert schema(workspace.ledger_path) == schema(fresh)
    [row] = LedgerReader(workspace.ledger_path).runs()
    assert (row["hunt_id"], row["generation"]) == (hunt, 1)
    identities = {LedgerReader(path).identity() for path in (workspace.ledger_path, fresh)}
    assert all(len(identity) == 32 for identity in identities)
    assert len(identities) == 2
