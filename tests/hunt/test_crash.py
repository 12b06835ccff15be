"""A hunt that is killed goes on to what it would have been; `make crash` does this 200 times."""

import random
import shutil
import sqlite3

import pytest
from crashing import HUNTS, end_normally, leg_of, stage_of, tormented
from remains import differences, ledger_faults, losses, places_of, reader_of, rows_of, torn_files

from engine.store.workspace import Workspace

VALUES = {**HUNTS["three generations of three"], "num_generations": 5}
SPAN = 4.0
KILLS = (
    ("main", "start-up"),
    ("group", "artifact"),
    ("main", "verdict"),
    ("group", "commit"),
    ("main", "any time"),
    ("auditor", "artifact"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The workspace of a hunt that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    with leg_of(VALUES, folder / "workspace", folder / "log") as leg:
        end_normally(leg)
        assert stage_of(leg, folder / "workspace") == "end"
        assert leg.runs_printed() == 15
    return folder / "workspace"


def test_a_hunt_killed_again_and_again_ends_as_the_undisturbed_one(whole, tmp_path):
    rng = random.Random(0)
    kills, end = tormented(VALUES, rows_of(whole), SPAN, tmp_path, rng, iter(KILLS))
    assert len(kills) >= 2, kills  # a quick machine is done before the last of them
    assert [each.wrong for each in kills] == [[]] * len(kills)
    assert end == []


def test_the_campaign_would_notice(whole, tmp_path):
    """What it looks for is found when it is there: a check that cannot fail proves nothing."""
    assert [*torn_files(whole), *ledger_faults(whole)] == []
    held, rows = places_of(reader_of(whole)), rows_of(whole)
    assert losses(held, 15, whole) == differences(rows, rows) == []
    assert losses({**held, (99, 0, 0): "a" * 40}, 16, whole) == [
        f"place (99, 0, 0) was seen with run {'a' * 40}, has None",
        "16 runs were printed, 15 are there",
    ]
    other = {**rows, (1, 0, 0): {**rows[1, 0, 0], "pcs_score": 0.5}}
    assert len(differences(other, rows)) == 1
    assert len(differences({}, rows)) == sum(map(len, rows.values()))
    place = Workspace.open(tmp_path)
    one = rows[1, 0, 0]["config_hash"]
    for path in (Workspace(whole).artifact_path(one), Workspace(whole).provenance_path(one)):
        torn = tmp_path / path.relative_to(whole)
        torn.write_bytes(path.read_bytes()[:-100])
    place.status_path.write_bytes(b"")
    (tmp_path / "simulation_data" / ".x.h5.0123abcd.tmp").touch()
    (tmp_path / "simulation_data" / "half").touch()
    assert len(torn_files(tmp_path)) == 4, torn_files(tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM events WHERE seq = 3", "gaps in"),
        ("DELETE FROM events WHERE kind = 'hunt_completed'", "its log says hunt_started"),
        ("UPDATE hunts SET state = 'stopped'", "is stopped, its log says"),
        ("DELETE FROM hunt_runs WHERE rowid = 3", "not one run_committed for every place"),
        ("DELETE FROM runs WHERE rowid = 3", "foreign_key_check"),
        ("UPDATE runs SET artifact_sha256 = 'x' WHERE rowid = 3", "its artifact is not the one"),
        ("UPDATE runs SET status = 'diverged', log_prime_sse = NULL", "no verdict with its status"),
    ],
)
def test_a_ledger_that_contradicts_itself_is_noticed(whole, tmp_path, change, fault):
    place = shutil.copytree(whole, tmp_path / "workspace")
    with sqlite3.connect(place / "simulation_ledger.sqlite") as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(change)
    connection.close()
    assert any(fault in text for text in ledger_faults(place)), ledger_faults(place)
