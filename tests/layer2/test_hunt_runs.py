"""Which runs an exported ledger lists, and in which workspace it lies."""

from pathlib import Path

import pytest

from engine.errors import LedgerError
from engine.layer2.hunt_runs import HuntRun, read_runs, workspace_of
from engine.store.workspace import Workspace

HEADER = "generation,config_hash,log_prime_sse,sdg_h_norm_l2,status\n"


def export(folder: Path, text: str) -> Path:
    path = folder / "final_ledger.csv"
    path.write_text(text)
    return path


def test_scored_runs_are_read_once_in_their_order(tmp_path):
    rows = "0,b,0.5,1e-3,ok\n0,a,2.5,,ok\n0,c,,,diverged\n0,e,999.0,999.0,artifact_missing\n"
    rows += "1,b,0.5,1e-3,ok\n1,d,,0.1,too_few_peaks\n"
    found = read_runs(export(tmp_path, HEADER + rows))
    assert [run.config_hash for run in found] == ["b", "a"]
    assert found[0] == HuntRun("b", 0.5, 1e-3)
    assert found[1].sdg_h_norm_l2 != found[1].sdg_h_norm_l2
    assert read_runs(export(tmp_path, HEADER)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "config_hash"),
        ("config_hash,status,log_prime_sse\n", "sdg_h_norm_l2"),
        (HEADER + "0,a,much,1,ok\n", "much"),
        (HEADER + "0,a,1\n", "row 1"),
        (HEADER + "0,a,1,1,ok,\n", "row 1"),
    ],
)
def test_what_is_no_export_is_refused_by_name(tmp_path, text, named):
    with pytest.raises(LedgerError, match=named) as caught:
        read_runs(export(tmp_path, text)) or pytest.fail("read")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(LedgerError, match=r"final_ledger\.csv"):
        read_runs(tmp_path / "final_ledger.csv")


def test_the_workspace_is_found_from_any_depth(tmp_path):
    place = Workspace.open(tmp_path / "workspace")
    deep = place.root / "analysis_reports" / "a" / "b"
    deep.mkdir(parents=True)
    for folder in (place.root, deep):
        assert workspace_of(export(folder, HEADER)).root == place.root.resolve()
    with pytest.raises(LedgerError, match="outside every workspace"):
        workspace_of(export(tmp_path, HEADER))
