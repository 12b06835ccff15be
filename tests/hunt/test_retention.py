"""What a hunt keeps, and that a death at any moment loses nothing that it promised to keep."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.hunt.fitness import fidelity
from engine.hunt.retention import (
    RECORD_BYTES,
    evict,
    evictable,
    hunt_bytes,
    sweep_evicted,
)
from engine.hunt.runs import artifact_bytes, audited, compute_batch, is_settled
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import sha256_file
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

SETTINGS = HuntSettings(keep_best=3, keep_every=10, history_frames=2)
RUNS = 24


def row(name, fitness=1.0, status="ok", **values):
    kept = {"claimed": 0, "evicted": None, "artifact_sha256": "e" * 64}
    return {"config_hash": name, "status": status, "fitness": fitness, **kept, **values}


def test_the_best_are_kept_and_of_equals_the_earlier():
    rows = [row("a", 1), row("b", 3), row("c", 2), row("d", 2), row("e", 0.5)]
    assert evictable(rows, 2, 0) == ["a", "d", "e"]
    assert evictable(rows, 5, 0) == evictable(rows, 100, 0) == []


def test_nothing_goes_without_a_rule_about_the_best():
    rows = [row("a", 1), row("b", 2)]
    assert evictable(rows, 0, 0) == evictable(rows, 0, 1) == []


def test_every_so_manieth_is_kept_wherever_the_hunt_stands():
    rows = [row(f"{i:03d}", i) for i in range(100)]
    for length in (1, 7, 50, 100):
        gone = set(evictable(rows[:length], 1, 10))
        kept = {r["config_hash"] for r in rows[:length]} - gone
        assert kept == {f"{i:03d}" for i in range(0, length, 10)} | {f"{length - 1:03d}"}


def test_what_is_evicted_is_not_wanted_later():
    """Else a hunt would miss, at its end, an artifact that its rules keep."""
    rows = [row(f"{i:03d}", (i * 37) % 101) for i in range(100)]
    gone = set()
    for length in range(101):
        gone |= set(evictable(rows[:length], 5, 7))
    assert gone == set(evictable(rows, 5, 7))


def test_a_failed_run_is_none_of_the_best():
    rows = [row("a", None, "diverged"), row("b", 1), row("c", None, "too_few_peaks"), row("d", 2)]
    assert evictable(rows, 3, 0) == ["a", "c"]
    rows = [row("a", 9.0, "audit_failed"), row("b", 1)]
    assert evictable(rows, 1, 0) == ["a"]


STAYING = {
    "linked or another hunt's": {"claimed": 1},
    "evicted already": {"evicted": "2026-11-21"},
    "never audited": {"artifact_sha256": None},
    "the machine's failure": {"status": "worker_failed", "fitness": None},
}


@pytest.mark.parametrize("case", STAYING)
def test_what_is_not_the_hunts_to_give_up_stays(case):
    rows = [row("a", 1) | STAYING[case], row("b", 5), row("c", 2)]
    assert evictable(rows, 1, 0) == ["c"]


def test_a_run_at_two_places_is_one_run():
    rows = [row("a", 3), row("b", 1), row("a", 3), row("c", 2), row("b", 1)]
    assert evictable(rows, 2, 0) == ["b"]
    assert evictable(rows, 1, 0) == ["b", "c"]
    assert evictable(rows, 1, 4) == ["c"], "its second place is a fourth one"


def test_a_hunts_bytes_follow_its_rules():
    asked = HuntSettings(num_generations=100, population_size=10)
    size = artifact_bytes(asked.base, asked.frames_of(asked.base))
    everything = 1000 * (size + RECORD_BYTES)
    assert hunt_bytes(asked) == (everything, everything)

    def artifacts(**rules):
        asked = HuntSettings(num_generations=100, population_size=10, **rules)
        return tuple((found - 1000 * RECORD_BYTES) / size for found in hunt_bytes(asked))

    assert artifacts(keep_best=5) == (15, 5)
    assert artifacts(keep_best=5, keep_every=300) == (19, 9)
    assert artifacts(keep_best=5, replicates=8, max_runs=1000) == (85, 5)
    assert artifacts(keep_best=5000) == (1000, 1000)


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    """A workspace with a hunt of real runs, all of whose artifacts are there."""
    place = Workspace.open(tmp_path_factory.mktemp("hunted"))
    base = RunConfig(N_grid=16, domain_length=256.0, T_steps=30)
    configs = [
        RunConfig.from_mapping(base.to_dict() | {"param_kappa": 0.01 + 0.001 * i, "seed": i})
        for i in range(RUNS)
    ]
    compute_batch(configs, place, history_frames=SETTINGS.frames_of(base))
    with Ledger(place.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(SETTINGS)
        for i, config in enumerate(configs):
            found = audited(config, place, 19)
            ledger.commit_run(hunt_id, 1 + i // 6, i % 6, found, fidelity(found))
    return place.root, hunt_id


@pytest.fixture
def copied(hunted, tmp_path):
    shutil.copytree(hunted[0], tmp_path / "w")
    place = Workspace(tmp_path / "w")
    return place, LedgerReader(place.ledger_path), hunted[1]


def test_an_evicted_run_keeps_its_row_and_provenance_and_is_settled(copied):
    place, reader, hunt_id = copied
    before = {r["config_hash"]: r for r in reader.runs(hunt_id)}
    gone = evictable(reader.holdings(hunt_id), 3, 10)
    best = reader.best(hunt_id)["config_hash"]
    assert len(gone) in range(RUNS - 6, RUNS - 3), "3 best and the 1st, 11th and 21st, or fewer"
    assert best not in gone
    sizes = sum(place.artifact_path(name).stat().st_size for name in gone)
    with Ledger(place.ledger_path) as ledger:
        assert evict(place, ledger, gone) == sizes
        assert evict(place, ledger, []) == 0
    assert evictable(reader.holdings(hunt_id), 3, 10) == []
    for name, old in before.items():
        new = reader.run(name)
        assert is_settled(place, name, new)
        assert (new["evicted"] is not None) == (name in gone)
        assert place.artifact_path(name).exists() == (name not in gone)
        assert all(new[k] == old[k] for k in ("log_prime_sse", "status", "artifact_sha256"))
    place.provenance_path(gone[0]).unlink()
    assert not is_settled(place, gone[0], reader.run(gone[0])), "its provenance has to be there"


def test_what_other_hunts_and_links_hold_is_kept(copied):
    place, reader, hunt_id = copied
    promoted, replicated, shared, *rest = evictable(reader.holdings(hunt_id), 1, 0)
    with Ledger(place.ledger_path) as ledger:
        ledger.link("a" * 40, "promotes", promoted)
        ledger.link(replicated, "replicates", "b" * 40)
        found = reader.run(shared)
        config = RunConfig.from_mapping(found["config"], complete=True)
        other = ledger.create_hunt(SETTINGS)
        ledger.commit_run(other, 1, 0, RunRow.from_columns(config, found), 1.0)
    assert evictable(reader.holdings(hunt_id), 1, 0) == rest
    assert evictable(reader.holdings(other), 1, 0) == []


def test_what_was_there_before_a_hunt_is_not_the_hunts_to_evict(tmp_path):
    path = tmp_path / "simulation_ledger.sqlite"
    before, after = (RunRow(config=RunConfig(seed=i), status="diverged") for i in range(2))
    with Ledger(path) as ledger:
        ledger.commit_run(None, 0, 0, before)
        time.sleep(0.002)  # the ledger's clock has ticked
        hunt_id = ledger.create_hunt(SETTINGS)
        time.sleep(0.002)
        for member, found in enumerate((before, after)):
            ledger.commit_run(hunt_id, 1, member, found)
    claims = [row["claimed"] for row in LedgerReader(path).holdings(hunt_id)]
    assert claims == [True, False]


EVICTION_LOOP = """
import itertools, os, signal, sys, time
from pathlib import Path
from engine.hunt.retention import evict, evictable
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

place, count = Workspace(Path(sys.argv[1])), itertools.count(1)
hunt_id, moment, die_at = sys.argv[2], sys.argv[3], int(sys.argv[4])

def dying(owner, name, which):
    original = getattr(owner, name)
    def wrapped(*args, **options):
        turn = next(count)
        if turn == die_at and which == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **options)
        if turn == die_at and which == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, wrapped)

if moment != "any":
    which, step = moment.split()
    dying(*{"mark": (Ledger, "mark_evicted"), "unlink": (Path, "unlink")}[step], which)
ledger, reader = Ledger(place.ledger_path), LedgerReader(place.ledger_path)
print("begun", flush=True)
for end in range(2, 25, 2):  # as the hunt goes on, generation by generation
    evict(place, ledger, evictable(reader.holdings(hunt_id)[:end], 3, 10))
    time.sleep(0.01 if moment == "any" else 0)
print("done", flush=True)
"""


def start_evictions(place, hunt_id, moment, die_at=0):
    return subprocess.Popen(
        [sys.executable, "-c", EVICTION_LOOP, str(place.root), hunt_id, moment, str(die_at)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def check_consistent(place, reader, hunt_id, *, swept):
    """No promise without its file, nothing kept is gone, and a way back for what went."""
    never = set(evictable(reader.holdings(hunt_id), 3, 10))
    for found in reader.runs(hunt_id):
        name, path = found["config_hash"], place.artifact_path(found["config_hash"])
        if found["evicted"] is None:
            assert path.is_file(), "the ledger says it is there"
            assert sha256_file(path) == found["artifact_sha256"]
        else:
            assert name not in never
            assert RunConfig.from_mapping(reader.run(name)["config"]).config_hash == name
            assert len(found["artifact_sha256"]) == 64
            assert not (swept and path.exists())
        assert json.loads(place.provenance_path(name).read_text())["config_hash"] == name
        assert is_settled(place, name, reader.run(name))


MOMENTS = [
    (f"{which} {step}", turn)
    for which, step, turn in itertools.product(("before", "after"), ("mark", "unlink"), (1, 3, 7))
]


@pytest.mark.parametrize(("moment", "die_at"), MOMENTS)
def test_a_kill_at_any_step_of_an_eviction_loses_nothing(moment, die_at, copied):
    place, reader, hunt_id = copied
    final = set(evictable(reader.holdings(hunt_id), 3, 10))
    process = start_evictions(place, hunt_id, moment, die_at)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (-signal.SIGKILL, "begun\n")
    check_consistent(place, reader, hunt_id, swept=False)
    left = {r["config_hash"] for r in reader.runs(hunt_id) if r["evicted"]}
    left = {name for name in left if place.artifact_path(name).exists()}
    if moment in ("after mark", "before unlink"):
        assert left, "marked first, then removed"
    if moment == "before mark":
        assert not left
    freed = sweep_evicted(place, reader)
    assert (freed > 0) == bool(left)
    check_consistent(place, reader, hunt_id, swept=True)
    with Ledger(place.ledger_path) as ledger:
        evict(place, ledger, evictable(reader.holdings(hunt_id), 3, 10))
    assert {r["config_hash"] for r in reader.runs(hunt_id) if r["evicted"]} == final
    check_consistent(place, reader, hunt_id, swept=True)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.09])
def test_a_kill_from_outside_in_the_middle_of_the_loop_loses_nothing(delay, copied):
    place, reader, hunt_id = copied
    process = start_evictions(place, hunt_id, "any")
    assert process.stdout.readline() == "begun\n"
    time.sleep(delay)
    process.kill()
    process.communicate()
    check_consistent(place, reader, hunt_id, swept=False)
    sweep_evicted(place, reader)
    check_consistent(place, reader, hunt_id, swept=True)
