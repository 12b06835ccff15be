"""The kinds of events: what each tells is declared in one place, which the docs follow."""

import re
from pathlib import Path

import pytest
from store_samples import run_row

from engine.errors import LedgerError
from engine.settings import HuntSettings
from engine.store.event_kinds import EVENT_SCHEMA, KINDS

DOCS = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")


def table(heading):
    """Rows of the docs' table whose first column has this heading."""
    _, _, rest = DOCS.partition(f"| {heading} |")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def test_the_docs_list_every_kind_and_no_other():
    declared = [(f"`{name}`", kind.about, kind.doc) for name, kind in KINDS.items()]
    assert table("kind") == declared


def test_the_docs_list_every_field_of_every_kind_and_no_other():
    declared = [
        (f"`{name}`", f"`{field}`", told.words, told.doc)
        for name, kind in KINDS.items()
        for field, told in kind.fields.items()
    ]
    assert table("of") == declared


def test_the_docs_name_the_schema():
    assert re.search(r"`schema`.*\*\*(\d+)\*\*", DOCS)[1] == str(EVENT_SCHEMA)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"generation": 1, "runs": 4}, "seconds is missing"),
        ({"generation": 1, "runs": 4, "seconds": None}, "seconds is None, expected a number"),
        ({"generation": 1, "runs": True, "seconds": 1.0}, "runs is True, expected an integer"),
        ({"generation": "1", "runs": 4, "seconds": 1.0}, "generation is '1'"),
        ({"generation": 1, "runs": 4, "seconds": 1.0, "rate": 2.0}, "rate is not among"),
    ],
)
def test_an_event_of_a_known_kind_tells_what_is_declared_and_nothing_else(
    ledger, reader, payload, reason
):
    with pytest.raises(LedgerError, match=reason):
        ledger.append_event("batch_done", payload=payload)
    assert reader.last_seq() == 0
    ledger.append_event("batch_done", payload={"generation": 1, "runs": 4, "seconds": 2})


def test_an_audit_a_commit_and_a_new_best_are_told_in_one_transaction(ledger, reader):
    hunt = ledger.create_hunt(HuntSettings())
    row = run_row(log_prime_sse=0.25)
    audit = {"status": "ok", "seconds": 0.5, "passed": 6, "failed": 1}
    event = ledger.commit_run(hunt, 1, 2, row, 4.0, audit=audit, improves=True)
    audited, committed, improved = reader.events_after(1)
    assert event == committed
    assert [each.kind for each in (audited, committed, improved)] == [
        "audit_done",
        "run_committed",
        "best_improved",
    ]
    assert {each.config_hash for each in (audited, committed, improved)} == {row.config.config_hash}
    assert audited.payload == audit
    assert improved.payload["fitness"] == 4.0
    assert improved.payload["generation"] == 1
    again = ledger.commit_run(hunt, 1, 2, row, 4.0, audit=audit, improves=True)
    assert again == committed
    assert reader.last_seq() == 4, "a repeated run is told once"


def test_none_of_them_is_there_where_one_cannot_be_told(ledger, reader):
    hunt = ledger.create_hunt(HuntSettings())
    with pytest.raises(LedgerError, match="seconds is missing"):
        ledger.commit_run(hunt, 1, 2, run_row(), 4.0, audit={"status": "ok"}, improves=True)
    assert reader.last_seq() == 1
    assert reader.runs() == []


def test_a_very_long_error_is_told_by_its_beginning_and_stops_nothing(ledger, reader):
    hunt = ledger.create_hunt(HuntSettings())
    ledger.commit_run(hunt, 1, 0, run_row(0, "worker_failed", error="Ä" * 200_000))
    ledger.finish_hunt(hunt, "failed", "Ö" * 200_000)
    [_, committed, failed] = reader.events_after()
    assert committed.payload["error"].startswith("ÄÄÄ")
    assert len(committed.payload["error"]) == len(failed.payload["reason"]) == 1000
    assert len(reader.runs()[0]["error"]) == 200_000, "the row has it whole"
