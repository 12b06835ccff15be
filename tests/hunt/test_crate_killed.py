"""An import that is killed, wherever it is, is made good by the next."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crate_samples import made_hunt
from test_crate import contents

from engine.hunt import crate_import
from engine.hunt.crate import export_crate
from engine.hunt.crate_import import import_crate
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

SCRIPT = Path(__file__).with_name("killed_imports.py")


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    place, hunt_id = made_hunt(folder / "workspace")
    export_crate(place, hunt_id, str(folder / "hunt.zip"))
    return folder / "hunt.zip"


def all_of(place):
    """The files, the runs and which of them are evicted, and the hunts."""
    reader = LedgerReader(place.ledger_path)
    runs = {(row["config_hash"], row["status"], bool(row["evicted"])) for row in reader.runs()}
    hunts = [(hunt["hunt_id"], hunt["state"], hunt["settings"]) for hunt in reader.hunts()]
    return contents(place), runs, hunts


def test_killed_at_any_step_it_is_made_good_by_the_next(crate, tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, crate, tmp_path / "killed"],
        cwd=SCRIPT.parents[2],
        env={"PYTHONPATH": str(SCRIPT.parents[2]), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(each["killed"] for each in steps) == len(steps) - 1 > 30
    whole = Workspace.open(tmp_path / "whole")
    import_crate(crate, whole)
    expected = all_of(whole)
    assert len(expected[1]) == 3
    assert any(evicted for _, _, evicted in expected[1])
    for number, each in enumerate(steps):
        assert all_of(Workspace(Path(each["root"]))) == expected, (number, each)
        assert each["said"].isdigit() or "in the ledger already" in each["said"]
        left = [p.name for p in Path(each["root"]).glob(".import-*")]
        assert left == [] or not each["said"].isdigit(), (number, left)


@pytest.mark.parametrize("last", ["give_name", "flush", "_restore"])
def test_one_that_is_interrupted_leaves_nothing(last, crate, tmp_path, monkeypatch):
    """As by Ctrl-C: the step is done, and then nothing more."""
    honest = getattr(crate_import, last)

    def interrupted(*arguments):
        if last != "_restore" or Path(arguments[0]._path).parent == place.root:
            if last != "_restore":
                honest(*arguments)
            raise KeyboardInterrupt
        honest(*arguments)

    place = Workspace.open(tmp_path / "new")
    before = all_of(place)
    monkeypatch.setattr(crate_import, last, interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_crate(crate, place)
    monkeypatch.undo()
    found = all_of(place)
    assert found[1:] == before[1:]
    assert len(found[0]) <= (last == "give_name"), found[0].keys()
    import_crate(crate, place)
    assert len(all_of(place)[1]) == 3
