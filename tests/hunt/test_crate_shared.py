"""What a crate gives away, what it says of itself, and what no import would take."""

import hashlib
import json
import sqlite3
import zipfile

import pytest
from crate_samples import made_hunt, software_of
from rocrate.rocrate import ROCrate
from test_crate import empty  # noqa: F401  (a fixture)

from engine.errors import SettingsError, WorkspaceError
from engine.hunt.continuation import continuation
from engine.hunt.crate import export_crate
from engine.hunt.crate_contents import METADATA, contents
from engine.hunt.crate_import import import_crate
from engine.hunt.crate_metadata import entity, metadata
from engine.hunt.significance import report_path
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader

NAMES = [RunConfig(seed=seed).config_hash for seed in range(3)]


def exported(place, hunt_id, tmp_path):
    path = tmp_path / "hunt.zip"
    export_crate(place, hunt_id, str(path))
    return path


def test_where_somebody_s_cluster_is_stays_with_them(tmp_path, empty):  # noqa: F811
    address = "tcp://10.9.8.7:8786"
    settings = HuntSettings(scheduler=address)
    place, hunt_id = made_hunt(tmp_path / "made", settings=settings, end="stopped")
    path = exported(place, hunt_id, tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert not any(b"10.9.8.7" in archive.read(name) for name in archive.namelist())
    import_crate(path, empty)
    settings, _ = continuation(LedgerReader(empty.ledger_path), hunt_id, None)
    assert settings.scheduler == ""


def test_a_hunt_with_runs_that_failed_by_the_machine_comes_back(tmp_path, empty):  # noqa: F811
    statuses = ("ok", "artifact_missing", "worker_failed")
    place, hunt_id = made_hunt(tmp_path / "made", statuses)
    assert read_provenance(place.provenance_path(NAMES[1]))["config"] is None
    import_crate(exported(place, hunt_id, tmp_path), empty)
    rows = {row["config_hash"]: row for row in LedgerReader(empty.ledger_path).runs()}
    assert tuple(rows[name]["status"] for name in NAMES) == statuses
    assert [bool(rows[name]["evicted"]) for name in NAMES] == [True, False, False]


def test_a_hunt_without_places_is_not_exported(tmp_path, empty):  # noqa: F811
    place, hunt_id = made_hunt(tmp_path / "made", ())
    with pytest.raises(SettingsError, match=f"irer hunt --resume {hunt_id}` first"):
        export_crate(place, hunt_id, str(tmp_path / "again.zip"))
    assert not (tmp_path / "again.zip").exists()


def test_a_fitness_that_no_audit_gives_is_not_exported(tmp_path):
    place, hunt_id = made_hunt(tmp_path / "made")
    with sqlite3.connect(place.ledger_path) as connection:
        connection.execute("UPDATE hunt_runs SET fitness = 2 * fitness")
    with pytest.raises(WorkspaceError, match=r"fitness 2.0 of run .* whose audit makes it 1.0"):
        exported(place, hunt_id, tmp_path)
    assert not (tmp_path / "hunt.zip").exists()


def test_it_says_its_licence_and_every_version_of_what_audited(tmp_path):
    place, hunt_id = made_hunt(tmp_path / "made")
    software_of(place, NAMES[0], numpy="2.0")
    software_of(place, NAMES[1], numpy="2.1", odd="1 #2")
    found = ROCrate(exported(place, hunt_id, tmp_path))
    assert "ask whoever made this hunt" in found.root_dataset["license"]
    tools = found.get("#hunt")["instrument"]
    versions = {(each["name"], each["softwareVersion"]) for each in tools}
    assert {("numpy", "2.0"), ("numpy", "2.1"), ("odd", "1 #2")} < versions
    assert len({each.id for each in tools}) == len(tools)
    assert found.get("#numpy-2.1")["softwareVersion"] == "2.1"
    assert found.get("#hunt")["result"].id == "./"


def test_a_hunt_of_very_many_runs_has_metadata_that_are_read(tmp_path):
    runs = 65_000
    place, hunt_id = made_hunt(tmp_path / "made")
    [hunt] = LedgerReader(place.ledger_path).hunts()
    digest = hashlib.sha256(b"{}").hexdigest()
    names = [f"analysis_reports/hunt_{hunt_id}.json"]
    for number in range(runs):
        names.append(f"input_configs/config_{number:040x}.json")
        names.append(f"provenance_reports/provenance_{number:040x}.json")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
        archive.writestr(METADATA, metadata(hunt, [entity(n, 2, digest) for n in names], []))
    with zipfile.ZipFile(tmp_path / "many.zip") as archive:
        assert len(contents(tmp_path / "many.zip", archive)["provenance"]) == runs


def test_metadata_that_are_much_longer_than_what_they_describe_are_refused(tmp_path, empty):  # noqa: F811
    """Parsed, they would take ten times their length of memory."""
    place, hunt_id = made_hunt(tmp_path / "made")
    path = exported(place, hunt_id, tmp_path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    listed = ",".join(f"[{number}]" for number in range(300_000))
    files[METADATA] = f'{{"@graph":[],"x":[{listed}]}}'.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(SettingsError, match=f"{METADATA}' of {len(files[METADATA])} bytes"):
        import_crate(path, empty)


def other_config(place, hunt_id):
    place.config_path(NAMES[0]).write_bytes(place.config_path(NAMES[1]).read_bytes())


def other_report(place, hunt_id):
    report_path(place, hunt_id).write_text(json.dumps({"hunt_id": "2026-01-01-001"}))


def no_software(place, hunt_id):
    software_of(place, NAMES[0], numpy=2)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (other_config, "with the config of another run"),
        (other_report, "of hunt '2026-01-01-001'"),
        (no_software, "with software"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_no_import_would_take_is_not_written(spoil, words, tmp_path):
    place, hunt_id = made_hunt(tmp_path / "made")
    spoil(place, hunt_id)
    with pytest.raises(WorkspaceError, match=words):
        exported(place, hunt_id, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["made"]


def test_a_hunt_of_a_clock_far_ahead_is_not_written(tmp_path):
    place, _ = made_hunt(tmp_path / "made")
    with Ledger(place.ledger_path) as ledger:
        ledger._connection.execute("PRAGMA foreign_keys=OFF")
        for table in ("hunts", "hunt_runs"):
            ledger._connection.execute(f"UPDATE {table} SET hunt_id = '2999-01-01-001'")
    with pytest.raises(WorkspaceError, match="of a day that cannot be"):
        exported(place, "2999-01-01-001", tmp_path)
