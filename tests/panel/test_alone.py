"""Each view alone, over a real hunt; what cannot be shown is an error in words."""

import time

import pytest
from panel_samples import hunt_in

from engine.errors import LedgerError, SettingsError
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel import FieldView, ParetoView


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    workspace = hunt_in(tmp_path_factory.mktemp("alone"), N_grid=64, domain_length=256.0)
    return workspace, LedgerReader(workspace.ledger_path)


def settle(so):
    until = time.monotonic() + 60
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_by_its_first_digits(hunted):
    workspace, reader = hunted
    run = reader.runs()[0]["config_hash"]
    view = FieldView(run[:10], workspace.root)
    settle(lambda: view.panel.pair.fields is not None)
    assert view.panel.pair.fields.run == run
    assert view.panel.pair.fields.cells == 64
    view.close()


@pytest.mark.parametrize("run", ["", "zz", "0" * 40, "../../etc"])
def test_no_such_run(hunted, run):
    with pytest.raises(SettingsError, match="artifacts begin, expected one"):
        FieldView(run, hunted[0].root)


def test_the_newest_hunt_or_a_named_one(hunted):
    workspace, reader = hunted
    hunt = reader.latest_hunt()["hunt_id"]
    for view in (ParetoView(workspace.ledger_path), ParetoView(workspace.ledger_path, hunt)):
        assert view.scatter.table.hunt_id == hunt
        assert len(view.scatter.table) == 6
        view.close()
    with pytest.raises(SettingsError, match="got 2000-01-01-001, expected one of the 1 in"):
        ParetoView(workspace.ledger_path, "2000-01-01-001")


def test_a_ledger_that_is_not_there_or_none(tmp_path):
    with pytest.raises(SettingsError, match="got none, expected one of the 0 in"):
        ParetoView(Workspace.open(tmp_path).ledger_path)
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"no database" * 500)
    with pytest.raises(LedgerError, match="rebuild-ledger"):
        ParetoView(other)
