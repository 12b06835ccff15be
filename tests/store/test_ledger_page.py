"""docs/ledger.md tells what the ledger is."""

import re
import sqlite3
from pathlib import Path

from store_samples import run_row

from engine.settings import HuntSettings
from engine.store.columns import COLUMNS
from engine.store.ledger import Ledger

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_column_and_table_is_named(workspace):
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(COLUMNS) <= named
    Ledger(workspace.ledger_path).close()
    connection = sqlite3.connect(workspace.ledger_path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert {name for (name,) in tables if not name.startswith("sqlite_")} <= named


def test_its_examples_run(workspace, monkeypatch):
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 1, 0, run_row(0, log_prime_sse=0.05, sdg_h_norm_l2=1.0), 20.0)
        ledger.commit_run(hunt, 1, 1, run_row(1, log_prime_sse=0.5), 2.0)
    workspace.root.rename(workspace.root.with_name("irer_workspace"))
    monkeypatch.chdir(workspace.root.parent)
    told = {}
    for block in blocks("python"):
        exec(block, told)
    told["ledger"].close()
    assert [row["log_prime_sse"] for row in told["found"]] == [0.05]
    assert (told["total"], len(told["front"]), told["counts"]) == (1, 1, {"ok": 2})
    assert len(told["frame"]) == 2
    connection = sqlite3.connect("irer_workspace/simulation_ledger.sqlite")
    [query] = blocks("sql")
    assert connection.execute(query).fetchall()[0][1] == 2
    connection.close()
