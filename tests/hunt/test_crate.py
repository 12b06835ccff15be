"""A hunt as an RO-Crate: read by the RO-Crate library, and back into a workspace, or refused."""

import hashlib
import json
import zipfile

import pytest
from rocrate.rocrate import ROCrate

from engine import cli
from engine.errors import SettingsError, WorkspaceBusyError, WorkspaceError
from engine.hunt.crate import export_crate
from engine.hunt.crate_contents import METADATA
from engine.hunt.crate_import import import_crate
from engine.hunt.engine import Engine
from engine.hunt.restore import restore
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.place import Place
from engine.store.reader import LedgerReader
from engine.store.rebuild import rebuild_ledger
from engine.store.workspace import Workspace

SMALL = {
    "num_generations": 2,
    "population_size": 4,
    "N_grid": 32,
    "domain_length": 256.0,
    "T_steps": 40,
    "null_draws": 19,
    "strategy": "sobol",
    "history_frames": 1,
}


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    place = Workspace.open(tmp_path_factory.mktemp("hunted") / "workspace")
    engine = Engine(place)
    engine.start_hunt(HuntSettings.from_mapping(SMALL))
    engine.wait()
    engine.close()
    return place


@pytest.fixture(scope="module")
def hunt_id(hunted):
    return LedgerReader(hunted.ledger_path).hunts()[0]["hunt_id"]


@pytest.fixture(scope="module")
def crate(hunted, hunt_id, tmp_path_factory):
    path = tmp_path_factory.mktemp("crate") / "hunt.zip"
    report = export_crate(hunted, hunt_id, str(path))
    with zipfile.ZipFile(path) as archive:
        assert report == {"files": len(archive.namelist()), "output": str(path)}
    return path


@pytest.fixture
def empty(tmp_path):
    return Workspace.open(tmp_path / "new")


def contents(place):
    """Every file of a workspace with what it holds, but for the ledger, the lock and the logs."""
    return {
        str(path.relative_to(place.root)): path.read_bytes()
        for path in place.root.rglob("*")
        if path.is_file()
        and "simulation_ledger" not in path.name
        and path.suffix != ".lock"
        and path.parent.name != "logs"
        and path.name != "status.json"
    }


def runs_of(place):
    rows = LedgerReader(place.ledger_path).runs()
    kept = ("config_hash", "status", "log_prime_sse", "sdg_h_norm_l2", "p_phase_scramble")
    return {row["config_hash"]: [row[name] for name in kept] for row in rows}


def test_the_rocrate_library_reads_what_it_is_and_what_made_it(crate, hunted, hunt_id):
    found = ROCrate(crate)
    assert found.root_dataset["identifier"] == hunt_id
    files = {each.id: each for each in found.get_entities() if each.type == "File"}
    assert {each.id for each in found.root_dataset["hasPart"]} == set(files)
    with zipfile.ZipFile(crate) as archive:
        assert set(archive.namelist()) == {*files, METADATA}
        for name, each in files.items():
            data = archive.read(name)
            assert each["sha256"] == hashlib.sha256(data).hexdigest()
            assert int(each["contentSize"]) == len(data)
    artifacts = [name for name in files if name.endswith(".h5")]
    best = LedgerReader(hunted.ledger_path).best()["config_hash"]
    assert len(artifacts) == 5
    assert f"simulation_data/rho_history_{best}.h5" in artifacts
    action = found.get("#hunt")
    assert json.loads(action["description"])["strategy"] == "sobol"
    tools = {each["name"]: each["softwareVersion"] for each in action["instrument"]}
    assert {"irer", "numpy"} <= set(tools)


def test_the_same_hunt_gives_the_same_bytes(crate, hunted, hunt_id, tmp_path):
    export_crate(hunted, hunt_id, str(tmp_path / "again.zip"))
    assert (tmp_path / "again.zip").read_bytes() == crate.read_bytes()
    with pytest.raises(SettingsError, match="is there already"):
        export_crate(hunted, hunt_id, str(crate))


def places_of(place, hunt_id):
    """Each place of a hunt with its run and fitness, and how the hunt ended."""
    reader = LedgerReader(place.ledger_path)
    [hunt] = [each for each in reader.hunts() if each["hunt_id"] == hunt_id]
    with reader.places(Place._fields, hunt_id) as rows:
        return [*rows], hunt["state"], hunt["ended"]


def without_places(crate, path, hunt_id):
    """A crate as versions before this one wrote it."""
    name = f"analysis_reports/hunt_{hunt_id}_places.jsonl"
    with zipfile.ZipFile(crate) as archive, zipfile.ZipFile(path, "w") as to:
        for entry in archive.namelist():
            data = archive.read(entry)
            if entry == METADATA:
                found = json.loads(data)
                found["@graph"] = [each for each in found["@graph"] if each["@id"] != name]
                data = json.dumps(found).encode()
            if entry != name:
                to.writestr(entry, data)
    return path


def test_a_hunt_comes_back_as_it_ended_and_leaves_again_the_same(crate, hunted, hunt_id, empty):
    report = import_crate(crate, empty)
    assert (report["hunt_id"], report["runs"], report["places"]) == (hunt_id, 8, True)
    there = contents(hunted)
    assert all(there[name] == data for name, data in contents(empty).items())
    assert runs_of(empty) == runs_of(hunted)
    assert places_of(empty, hunt_id) == places_of(hunted, hunt_id)
    assert places_of(empty, hunt_id)[1] == "completed"
    lost = {r["config_hash"] for r in LedgerReader(empty.ledger_path).runs() if r["evicted"]}
    assert len(lost) == 3
    assert not any(empty.artifact_path(name).exists() for name in lost)
    export_crate(empty, hunt_id, str(empty.root / "again.zip"))
    assert (empty.root / "again.zip").read_bytes() == crate.read_bytes()
    rebuild_ledger(empty)
    assert runs_of(empty) == runs_of(hunted)
    assert places_of(empty, hunt_id) == places_of(hunted, hunt_id)
    assert restore(min(lost), empty.root)["restored"]


def test_a_crate_of_an_older_version_comes_back_once_its_hunt_goes_on(
    crate, hunted, hunt_id, empty, tmp_path
):
    old = without_places(crate, tmp_path / "old.zip", hunt_id)
    assert import_crate(old, empty)["places"] is False
    assert places_of(empty, hunt_id)[:2] == ([], "stopped")
    engine = Engine(empty)
    engine.continue_hunt(hunt_id)
    assert engine.wait().state == "completed"
    engine.close()
    assert sorted(places_of(empty, hunt_id)[0]) == sorted(places_of(hunted, hunt_id)[0])


def test_an_import_twice_or_over_something_else_changes_nothing(crate, empty):
    import_crate(crate, empty)
    before, rows = contents(empty), runs_of(empty)
    with pytest.raises(WorkspaceError, match="in the ledger already"):
        import_crate(crate, empty)
    assert (contents(empty), runs_of(empty)) == (before, rows)


def test_a_file_with_other_contents_stops_it_before_anything_is_written(crate, empty):
    with zipfile.ZipFile(crate) as archive:
        name = next(n for n in archive.namelist() if n.startswith("provenance"))
    (empty.root / name).write_text("mine")
    before = contents(empty)
    with pytest.raises(WorkspaceError, match="there already with other contents"):
        import_crate(crate, empty)
    assert contents(empty) == before
    assert runs_of(empty) == {}


def test_a_workspace_in_which_something_hunts_is_left_alone(crate, empty):
    with WorkspaceLock(empty.root).acquire("hunt"), pytest.raises(WorkspaceBusyError):
        import_crate(crate, empty)


def test_a_hunt_that_is_not_there_or_under_way_is_not_exported(hunted, hunt_id, tmp_path):
    with pytest.raises(SettingsError, match="no such hunt"):
        export_crate(hunted, "2020-01-01-001", str(tmp_path / "x.zip"))
    place = Workspace.open(tmp_path / "running")
    with Ledger(place.ledger_path) as ledger:
        running = ledger.create_hunt(HuntSettings())
    with pytest.raises(SettingsError, match="under way"):
        export_crate(place, running, str(tmp_path / "x.zip"))


def test_both_ways_on_the_command_line(hunted, hunt_id, tmp_path, capsys):
    path = str(tmp_path / "x.zip")
    export = ["export", hunt_id, "--to", "ro-crate", "--output", path]
    assert cli.main([*export, "--workspace", str(hunted.root)]) == 0
    assert f" files, {path}" in capsys.readouterr().out
    new = ["--workspace", str(tmp_path / "new")]
    assert cli.main(["import", path, *new, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 8
    assert cli.main(["import", path, *new]) == 2
    assert cli.main(["import", str(tmp_path / "nothing.zip"), *new]) == 2
    assert "No such file" in capsys.readouterr().err
