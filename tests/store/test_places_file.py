"""The places of a hunt come back from their file whole, or the hunt is resumed for them."""

import json

import pytest
from store_samples import SMALL, run_row

from engine.hunt.outcome import record
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.place import Place
from engine.store.places_file import has_places, places_path, read_places
from engine.store.provenance import write_provenance
from engine.store.reader import LedgerReader
from engine.store.rebuild import rebuild_ledger

COUNT = 4


def enter(workspace, seed):
    """A run with its report; its row."""
    row = run_row(seed, "ok" if seed else "diverged")
    name = row.config.config_hash
    fidelity = {"log_prime_sse": row.log_prime_sse}
    provenance = {"config_hash": name, "status": row.status, "spectral_fidelity": fidelity}
    config = row.config.to_dict()
    write_provenance(workspace.provenance_path(name), {**provenance, "config": config})
    return row


@pytest.fixture
def hunt(workspace):
    """A hunt that was stopped; its first run diverged, its last has a gradient."""
    reader = LedgerReader(workspace.ledger_path)
    with Ledger(workspace.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(HuntSettings(population_size=COUNT))
        record(workspace, reader, hunt_id)
        assert not places_path(workspace, hunt_id).exists()
        for seed in range(COUNT):
            gradient = [0.1, -2e-300] if seed == COUNT - 1 else None
            worth = seed / 3 if seed else None
            ledger.commit_run(hunt_id, 1, seed, enter(workspace, seed), worth, gradient=gradient)
        ledger.finish_hunt(hunt_id, "stopped")
        record(workspace, reader, hunt_id)
    return reader.latest_hunt()


def test_places_are_read_as_they_were(workspace, hunt):
    [*found] = read_places(places_path(workspace, hunt["hunt_id"]), hunt)
    held = LedgerReader(workspace.ledger_path).generation(hunt["hunt_id"], 1).values()
    assert found == [Place(*(row[name] for name in Place._fields)) for row in held]
    assert found[-1].gradient == [0.1, -2e-300]
    assert has_places(places_path(workspace, hunt["hunt_id"]), hunt)


def test_a_hunt_that_went_on_since_is_not_taken_for_whole(workspace, hunt):
    """Killed in its second leg: the file of its first end is there still."""
    reader = LedgerReader(workspace.ledger_path)
    with Ledger(workspace.ledger_path) as ledger:
        ledger.reopen_hunt(hunt["hunt_id"])
        record(workspace, reader, hunt["hunt_id"])
    again = reader.latest_hunt()
    assert not has_places(places_path(workspace, again["hunt_id"]), again)
    found = rebuild_ledger(workspace)
    assert (found.without_places, found.damaged) == ([hunt["hunt_id"]], {})
    assert reader.latest_hunt()["reason"].startswith("Rebuilt from its record, in which it was und")


def changed(lines, i, column, value):
    line = json.loads(lines[i])
    line[column] = value
    return [*lines[:i], json.dumps(line), *lines[i + 1 :]]


DAMAGES = {
    "a place is lost": lambda lines: lines[:-1],
    "a place too many": lambda lines: [*lines, lines[-1]],
    "a place twice": lambda lines: [*lines[:-1], lines[-2]],
    "another hunt's": lambda lines: changed(lines, 0, "hunt_id", "2020-01-01-001"),
    "more than the hunt has": lambda lines: changed(lines, 0, "places", 10**9),
    "no object": lambda lines: ["[]", *lines[1:]],
    "empty": lambda lines: [],
    "an unknown run": lambda lines: changed(lines, 1, 3, RunConfig(seed=77).config_hash),
    "no id": lambda lines: changed(lines, 1, 3, "../escape"),
    "worth of a failure": lambda lines: changed(lines, 1, 4, 1e9),
    "no number": lambda lines: changed(lines, 2, 4, float("nan")),
    "too large a number": lambda lines: changed(lines, 2, 4, 10**400),
    "a gradient of text": lambda lines: changed(lines, 4, 5, ["steep"]),
    "a generation that was not asked for": lambda lines: changed(lines, 2, 0, 10**6),
    "a member of none": lambda lines: changed(lines, 2, 1, -1),
    "a truth value": lambda lines: changed(lines, 2, 2, True),
    "nested deeply": lambda lines: [*lines[:-1], "[" * 10_000 + "]" * 6_000],
    "a long line": lambda lines: [*lines[:-1], f"[{' ' * 10**5}{lines[-1][1:]}"],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_and_enters_nothing(workspace, hunt, damage):
    path = places_path(workspace, hunt["hunt_id"])
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in DAMAGES[damage](lines)))
    found = rebuild_ledger(workspace)
    assert list(found.damaged) == [path.name]
    assert found.without_places == [hunt["hunt_id"]]
    reader = LedgerReader(workspace.ledger_path)
    assert (reader.count(hunt["hunt_id"]), reader.count()) == (0, COUNT)
    assert reader.latest_hunt()["state"] == "stopped"


def test_a_run_that_is_repeated_after_a_rebuild_keeps_its_place(workspace, hunt):
    """The old log told of it, the new one does now; the place is the same."""
    rebuild_ledger(workspace)
    reader = LedgerReader(workspace.ledger_path)
    row = run_row(1)
    with Ledger(workspace.ledger_path) as ledger:
        first = ledger.commit_run(hunt["hunt_id"], 1, 1, row, 1 / 3)
        assert ledger.commit_run(hunt["hunt_id"], 1, 1, row, 1 / 3) == first
    assert reader.count(hunt["hunt_id"]) == COUNT


@pytest.mark.parametrize("change", [{"state": "asleep"}, {"ended": None}, {"reason": 5}])
def test_a_record_of_no_state_is_named(workspace, hunt, change):
    path = workspace.root / "analysis_reports" / f"hunt_{hunt['hunt_id']}.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    found = rebuild_ledger(workspace)
    assert (list(found.damaged), found.hunts) == ([path.name], [])


def report(workspace, kind, origin, later):
    run = [{"config_hash": each} for each in later]
    runs = {"replicates": run} if kind == "replicate" else {"promotions": []}
    if kind == "promotion":
        runs["promotions"] = [{"promoted": each} for each in run]
    text = json.dumps({"config_hash": origin, **runs})
    workspace.analysis_path(kind, origin).write_text(text)


def test_a_link_is_taken_from_a_report_only_where_it_can_be(workspace):
    def run(**changes):
        config = RunConfig(**{**SMALL.to_dict(), **changes})
        kept = {"config_hash": config.config_hash, "config": config.to_dict(), "status": "diverged"}
        write_provenance(workspace.provenance_path(config.config_hash), kept)
        return config.config_hash

    origin, other, fine, hot = run(), run(seed=9), run(N_grid=32), run(param_kappa=0.5)
    report(workspace, "replicate", origin, [other, hot, origin])
    report(workspace, "promotion", origin, [fine, other])
    report(workspace, "promotion", hot, [RunConfig(seed=5).config_hash])
    report(workspace, "promotion", other, ["../escape"])
    workspace.analysis_path("replicate", fine).write_text("[" * 10**5)
    workspace.analysis_path("replicate", hot).write_text(json.dumps({"config_hash": fine}))
    found = rebuild_ledger(workspace)
    reader = LedgerReader(workspace.ledger_path)
    links = {(each["config_hash"], each["relation"]) for each in reader.links(origin)}
    assert links == {(other, "replicates"), (fine, "promotes")}
    assert (found.links, len(found.damaged)) == (2, 6)
    assert "is not in the ledger" in found.damaged[f"promotion_{hot}.json"]
