"""An evicted run comes back byte for byte, or not at all."""

import json

import pytest

from engine import cli
from engine.hunt.command import run
from engine.hunt.engine import Engine
from engine.hunt.promote import promote
from engine.hunt.replicate import replicate
from engine.hunt.restore import NOT_REPRODUCED, OTHER_DEVICE, OTHER_SOFTWARE, frame_counts, restore
from engine.hunt.retention import evict
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import open_artifact, sha256_file
from engine.store.ledger import Ledger
from engine.store.provenance import read_provenance, write_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

HUNT = HuntSettings.from_mapping(
    {
        "num_generations": 2, "population_size": 3, "keep_best": 1, "history_frames": 7,
        "N_grid": 32, "domain_length": 256.0, "T_steps": 60, "null_draws": 19,
    }
)  # fmt: skip


def evicted(place, names):
    with Ledger(place.ledger_path) as ledger:
        evict(place, ledger, names)


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    """A workspace in which a hunt has given up all of its runs but the best."""
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("hunted")))
    hunt_id = engine.start_hunt(HUNT)
    status = engine.wait()
    assert (status.state, status.failures) == ("completed", {})
    runs = engine.reader.runs(hunt_id)
    names = [row["config_hash"] for row in runs if row["evicted"]]
    assert {row["config_hash"] for row in runs} - {*names} == {
        engine.reader.best(hunt_id)["config_hash"]
    }
    engine.close()
    return engine.workspace, LedgerReader(engine.workspace.ledger_path), names


@pytest.fixture
def alone(tmp_path):
    """A workspace with one evicted run of no hunt, and what its artifact was."""
    name = run({"N_grid": 16, "domain_length": 32.0, "T_steps": 30}, str(tmp_path))["config_hash"]
    place = Workspace(tmp_path)
    honest = place.artifact_path(name).read_bytes()
    evicted(place, [name])
    return place, name, honest


def test_the_runs_of_a_hunt_come_back_byte_for_byte(hunted):
    """Alone, where a batch made them: with the snapshots that their hunt asked for."""
    place, reader, names = hunted
    for name in names:
        row = reader.run(name)
        path = place.artifact_path(name)
        assert row["evicted"]
        assert not path.exists()
        report = restore(name, str(place.root))
        assert (report["restored"], report["computed"], report["reason"]) == (True, True, "")
        assert sha256_file(path) == row["artifact_sha256"]
        assert path.stat().st_size == row["artifact_bytes"]
        assert reader.run(name) == {**row, "evicted": None}
        with open_artifact(path, name) as artifact:
            assert artifact.read("history/t").size == 7
        stamp = path.stat().st_mtime_ns
        assert restore(name, str(place.root))["computed"] is False
        assert path.stat().st_mtime_ns == stamp
    assert not [p for p in place.root.iterdir() if p.name.startswith(".restore")]


def test_a_second_hunt_takes_the_scores_of_evicted_runs_from_the_ledger(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    scores = []
    for _ in range(2):
        hunt_id = engine.start_hunt(HUNT)
        assert engine.wait().state == "completed"
        rows = engine.reader.runs(hunt_id)
        scores.append([(r["config_hash"], r["log_prime_sse"], r["fitness"]) for r in rows])
        evicted(engine.workspace, list({r["config_hash"] for r in rows}))
    assert sorted(scores[0]) == sorted(scores[1])
    assert not list((tmp_path / "simulation_data").iterdir()), "nothing was computed again"
    engine.close()


def test_a_run_from_a_file_comes_back_too(tmp_path):
    folder = str(tmp_path)
    first = run({"N_grid": 16, "domain_length": 32.0, "T_steps": 30}, folder)["config_hash"]
    other = promote(first, folder)["promoted"]["config_hash"]
    place = Workspace(tmp_path)
    honest = place.artifact_path(other).read_bytes()
    evicted(place, [other])
    assert restore(other, folder)["restored"]
    assert place.artifact_path(other).read_bytes() == honest


def test_the_first_hunts_frames_come_first_and_the_default_last(tmp_path):
    path = Workspace.open(tmp_path).ledger_path
    lone, shared = (RunRow(config=RunConfig(seed=i), status="diverged") for i in range(2))
    with Ledger(path) as ledger:
        ledger.commit_run(None, 0, 0, lone)
        later, first = (
            ledger.create_hunt(HuntSettings(history_frames=frames)) for frames in (5, 3)
        )
        for hunt_id, member in ((first, 0), (later, 0), (first, 1)):
            ledger.commit_run(hunt_id, 1, member, shared)
    reader = LedgerReader(path)
    assert list(frame_counts(reader.run(shared.config.config_hash), reader)) == [3, 5, 20]
    assert list(frame_counts(reader.run(lone.config.config_hash), reader)) == [20]


def test_commands_on_an_evicted_run_say_so_and_restore_brings_it_back(alone, capsys):
    place, name, honest = alone
    root = str(place.root)
    for command in ("validate", "reproduce"):
        assert cli.main([command, name, "--workspace", root]) == cli.FAILED
        said = capsys.readouterr().err
        assert f"run {name}: its artifact was evicted on 20" in said
        assert f"make it again with `irer restore {name}`" in said
        assert said.count("\n") == 1
    config = LedgerReader(place.ledger_path).run(name)["config"]
    [warning] = run(config, root)["warnings"]
    assert f"irer restore {name}" in warning
    assert not place.artifact_path(name).exists(), "its score stands: it is not computed again"
    assert replicate(name, root, 1)["config_hash"] == name
    assert cli.main(["restore", name, "--workspace", root, "--json"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["restored"]
    assert place.artifact_path(name).read_bytes() == honest
    assert cli.main(["validate", name, "--workspace", root]) == cli.DONE
    assert cli.main(["restore", name, "--workspace", root]) == cli.DONE
    assert "it was there already" in capsys.readouterr().out


def test_a_death_between_file_and_ledger_is_made_good(alone):
    place, name, honest = alone
    place.artifact_path(name).write_bytes(honest)
    report = restore(name, str(place.root))
    assert (report["restored"], report["computed"]) == (True, False)
    assert LedgerReader(place.ledger_path).run(name)["evicted"] is None


NOTES = {
    "another device": ("artifact", {"device_kind": "gpu"}, OTHER_DEVICE, "gpu made it and cpu"),
    "other software": ("software", {"jaxlib": "0.1"}, OTHER_SOFTWARE, "jaxlib 0.1 is "),
    "nothing noted": ("artifact", {"device_kind": None}, NOT_REPRODUCED, "was not noted"),
    "the same": ("artifact", {}, NOT_REPRODUCED, "another processor, or another batch"),
}


@pytest.mark.parametrize("case", NOTES)
def test_other_bytes_are_never_put_in_place_and_the_reason_is_said(case, alone, capsys):
    """The ledger remembers another artifact than this machine makes."""
    place, name, _ = alone
    part, note, reason, words = NOTES[case]
    path = place.provenance_path(name)
    provenance = read_provenance(path)
    assert provenance["artifact"]["device_kind"] == "cpu"
    write_provenance(path, provenance | {part: provenance[part] | note})
    with Ledger(place.ledger_path) as ledger:
        ledger._connection.execute("UPDATE runs SET artifact_sha256 = ?", ("0" * 64,))
    assert cli.main(["restore", name, "--workspace", str(place.root), "--json"]) == cli.REFUSED
    report = json.loads(capsys.readouterr().out)
    assert (report["restored"], report["reason"]) == (False, reason)
    assert words in report["conclusion"]
    assert "Nothing was put in place" in report["conclusion"]
    assert not place.artifact_path(name).exists()
    assert LedgerReader(place.ledger_path).run(name)["evicted"]
    assert not [p for p in place.root.iterdir() if p.name.startswith(".restore")]


def test_a_file_of_other_contents_is_not_overwritten(alone, capsys):
    place, name, _ = alone
    place.artifact_path(name).write_bytes(b"mine")
    assert cli.main(["restore", name, "--workspace", str(place.root)]) == cli.BAD_INPUT
    assert "got other bytes than were audited" in capsys.readouterr().err
    assert place.artifact_path(name).read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "words"),
    [("f" * 40, "expected a run of this workspace"), ("../etc", "expected 40 hex digits")],
)
def test_what_is_no_run_is_one_line(name, words, tmp_path, capsys):
    assert cli.main(["restore", name, "--workspace", str(tmp_path)]) == cli.BAD_INPUT
    assert words in capsys.readouterr().err
