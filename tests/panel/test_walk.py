"""Steps along the run list: over borders, to the ends, in its order and with its filters."""

import pytest
from audited_hunt import becomes

from engine.settings import HuntSettings, RunConfig
from engine.store.filters import Filters
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.listing import REACH, Listing
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.walk import Walk

RUNS = 130
AGAIN = 40
"""How often the search asked for one run more: longer than what one read reaches."""


class Walked:
    """A walk over a ledger, as a page has it."""

    def __init__(self, path):
        self.reader = LedgerReader(path)
        self.hunt = self.reader.latest_hunt()["hunt_id"]
        self.selection, self.listing = Selection(), Listing()
        self.walk = Walk(self.reader, self.selection, self.listing, NoLoop(), snapshot=self.look(1))

    def look(self, sequence):
        status = type(Snapshot().shown)(state="completed", hunt_id=self.hunt)
        return Snapshot(shown=status, sequence=sequence)

    def ids(self):
        how = {"order": self.listing.order, "filters": self.listing.filters}
        return [row["config_hash"] for row in self.reader.runs(self.hunt, **how)]

    def selects(self, run):
        becomes(lambda: self.selection.run == run)

    def ends(self, before, after):
        becomes(lambda: (self.walk.before, self.walk.after) == (before, after))


def commit(ledger, hunt, seed, again=1):
    row = RunRow(
        config=RunConfig(seed=seed),
        status="diverged" if seed % 5 == 4 else "ok",
        log_prime_sse=None if seed % 5 == 4 else 1 / (seed + 1),
        error="early" if seed % 5 == 4 else "",
    )
    for i in range(again):
        ledger.commit_run(hunt, 1 + i, seed, row, fitness=None)


@pytest.fixture
def path(tmp_path):
    workspace = Workspace.open(tmp_path)
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for seed in range(RUNS):
            commit(ledger, hunt, seed, AGAIN if seed == 60 else 1)
    return workspace.ledger_path


@pytest.fixture
def walked(path):
    walked = Walked(path)
    yield walked
    walked.walk.close()


def test_steps_go_down_the_list_and_back_over_every_border(walked):
    ids = list(dict.fromkeys(walked.ids()))
    assert len(ids) == RUNS > 2 * REACH
    for run in ids:
        walked.walk.step(1)
        walked.selects(run)
    walked.ends(True, False)
    walked.walk.step(1)
    for run in ids[-2::-1]:
        walked.walk.step(-1)
        walked.selects(run)
    walked.ends(False, True)
    assert not walked.selection.follow


def test_the_ends_are_one_key_away(walked):
    ids = walked.ids()
    walked.walk.to_last()
    walked.selects(ids[-1])
    walked.ends(True, False)
    walked.walk.to_first()
    walked.selects(ids[0])
    walked.ends(False, True)


def test_many_steps_while_one_is_being_read_are_all_taken(walked):
    ids = walked.ids()
    walked.selection.pick(ids[3])
    for _ in range(30):
        walked.walk.step(1)
    walked.selects(ids[33])


def test_steps_from_an_end_that_is_being_read_begin_there(walked):
    """Pressed one after the other before the rows of another order are known."""
    walked.listing.order = "log_prime_sse"
    ids = list(dict.fromkeys(walked.ids()))
    for end, step, run in (("to_first", 1, ids[1]), ("to_last", -2, ids[-3])):
        walked.walk.close()
        walk = walked.walk = Walk(
            walked.reader, walked.selection, walked.listing, NoLoop(), snapshot=walked.look(1)
        )
        getattr(walk, end)()
        walk.step(step)
        walked.selects(run)


def test_the_lists_own_order_and_filters_are_followed(walked):
    walked.listing.param.update(order="log_prime_sse", filters=Filters(statuses=("ok",)))
    ids = walked.ids()
    assert len(set(ids)) == RUNS * 4 // 5
    walked.selection.pick(ids[-1])
    walked.ends(True, False)
    walked.walk.step(-3)
    walked.selects(ids[-4])
    assert walked.listing.walked == (ids[-4], len(ids) - 4)


def test_from_a_run_that_the_list_does_not_hold_the_first_is_next(walked):
    ids = walked.ids()
    gone = next(row["config_hash"] for row in walked.reader.runs() if row["status"] != "ok")
    walked.listing.filters = Filters(statuses=("ok",))
    walked.selection.pick(gone)
    walked.ends(True, True)
    walked.walk.step(1)
    walked.selects(walked.ids()[0])
    assert gone in ids


def test_runs_that_land_meanwhile_do_not_lead_astray(walked, path):
    before = walked.ids()
    walked.selection.pick(before[10])
    walked.ends(True, True)
    with Ledger(path) as ledger:
        for seed in range(1000, 1040):
            commit(ledger, walked.hunt, seed)
    walked.walk.snapshot = walked.look(2)
    walked.walk.step(1)
    walked.selects(before[11])
    walked.walk.step(-2)
    walked.selects(before[9])


def test_nothing_is_read_for_a_step_whose_rows_are_known(walked, monkeypatch):
    ids = walked.ids()
    walked.selection.pick(ids[0])
    walked.ends(False, True)

    def never(*_, **__):
        raise AssertionError("read")

    monkeypatch.setattr(LedgerReader, "runs", never)
    for run in ids[1:20]:
        walked.walk.step(1)
        assert walked.selection.run == run


def test_a_list_without_runs_leads_nowhere(tmp_path):
    workspace = Workspace.open(tmp_path)
    with Ledger(workspace.ledger_path) as ledger:
        ledger.create_hunt(HuntSettings())
    walked = Walked(workspace.ledger_path)
    walked.walk.step(1)
    walked.walk.to_last()
    walked.ends(False, False)
    assert walked.selection.run == ""
    walked.walk.close()


def test_a_walk_that_is_closed_follows_nothing(walked):
    walked.walk.close()
    walked.selection.pick(walked.ids()[5])
    walked.listing.order = "log_prime_sse"
    assert walked.walk._reads._closed
    assert walked.walk._watchers == []
