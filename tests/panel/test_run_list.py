"""The run list shows one page of the ledger: sorted, filtered, and true to it."""

import time

import pytest
from bokeh.document import Document
from bokeh.protocol import Protocol
from panel.models.tabulator import TableEditEvent
from panel_samples import hunt_in

from engine.live.status import HuntStatus
from engine.settings import PHYSICS_KEYS, HuntSettings, RunConfig
from engine.store.filters import Filters
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.columns import CHOICE, USUAL
from irer_panel.compared import Compared
from irer_panel.listing import Listing
from irer_panel.run_page import PAGE, RunQuery, read_page
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.views.mark_bar import MarkBar
from irer_panel.views.runs import RunList, order_of

# Panel's own, of a table's value.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

TIMEOUT = 60_000


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    """25 runs: SSE falls with the seed, every fifth diverged."""
    workspace = Workspace.open(tmp_path_factory.mktemp("listed"))
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for seed in range(25):
            config = RunConfig(seed=seed)
            if seed % 5 == 4:
                row = RunRow(config=config, status="diverged", error="early")
            else:
                row = RunRow(config=config, status="ok", log_prime_sse=1 / (seed + 1))
            ledger.commit_run(hunt, 1 + seed // 5, seed % 5, row, fitness=None)
    return LedgerReader(workspace.ledger_path), hunt


def settle(so):
    until = time.monotonic() + 30
    while not so():
        assert time.monotonic() < until
        time.sleep(0.01)


def run_list(reader, hunt, selection=None, listing=None, compared=None):
    look = Snapshot(sequence=1)
    look = Snapshot(shown=type(look.shown)(state="completed", hunt_id=hunt), sequence=1)
    view = RunList(reader, selection or Selection(), NoLoop(), listing, compared, snapshot=look)
    settle(lambda: view._count.object)
    return view


def test_a_page_is_what_the_ledger_has_there(hunted):
    reader, hunt = hunted
    page = read_page(reader, RunQuery(hunt, 1))
    assert list(page.rows) == reader.runs(hunt, order="-")[PAGE : 2 * PAGE]
    assert (page.total, page.pages, page.words) == (25, 3, "11–20 of 25 runs")


def test_a_page_after_the_last_is_the_last(hunted):
    reader, hunt = hunted
    page = read_page(reader, RunQuery(hunt, 99))
    assert (page.query.page, len(page.rows), page.words) == (2, 5, "21–25 of 25 runs")
    assert read_page(reader, RunQuery("2000-01-01-001")).words == "no runs"


def test_what_cannot_be_read_is_words(tmp_path):
    path = tmp_path / "simulation_ledger.sqlite"
    path.write_bytes(b"no database at all" * 100)
    assert "rebuild-ledger" in read_page(LedgerReader(path), RunQuery()).problem


@pytest.mark.parametrize(
    ("sorters", "order"),
    [
        ([], "-"),
        ([{"field": "log_prime_sse", "dir": "asc"}], "log_prime_sse"),
        ([{"field": "log_prime_sse", "dir": "desc"}], "-log_prime_sse"),
        ([{"field": "index", "dir": "asc"}], "-"),
        ([{"field": "p", "dir": "asc"}], "-"),
        ([{"field": "x; DROP TABLE runs", "dir": "asc"}], "-"),
    ],
)
def test_a_header_asks_the_ledger_for_its_order(sorters, order):
    assert order_of(sorters) == order


def test_sorting_filtering_and_turning_pages(hunted):
    reader, hunt = hunted
    view = run_list(reader, hunt)
    assert view.pages.count == 3
    view.pages.value = 2
    settle(lambda: view._count.object == "21–25 of 25 runs")
    view._table.sorters = [{"field": "log_prime_sse", "dir": "asc"}]
    settle(lambda: view._count.object == "1–10 of 25 runs")
    shown = view._table.value["log_prime_sse"].tolist()
    assert shown == sorted(1 / (seed + 1) for seed in range(25) if seed % 5 != 4)[:PAGE]
    view.tools.statuses.value = ["diverged"]
    settle(lambda: view._count.object == "1–5 of 5 runs")
    assert set(view._table.value["status"]) == {"diverged"}
    view.tools.statuses.value = []
    view.tools.low.value, view.tools.high.value = "0.2", "0.5"
    settle(lambda: view._count.object == "1–3 of 3 runs")
    assert view.tools.filters == Filters(ranges={"log_prime_sse": (0.2, 0.5)})
    view.tools.high.value = "high"
    assert view.tools.high.error_state
    assert view.tools.filters == Filters(ranges={"log_prime_sse": (0.2, None)})
    view.tools.low.value = view.tools.high.value = ""
    assert not view.tools.high.error_state
    assert view.tools.filters == Filters()
    view.close()


def test_a_page_of_the_list_travels_in_one_piece(hunted):
    """Each array that is sent as binary would be two messages more, and there are 25."""
    view, page, told = run_list(*hunted), Document(), []
    page.add_root(view._table.get_root(page))
    page.on_change(told.append)
    view.pages.value = 1
    settle(lambda: view._count.object == "11–20 of 25 runs")
    patch = Protocol().create("PATCH-DOC", told)
    assert [event for event in told if getattr(event, "attr", "") == "data"]
    assert len(patch.buffers) == 1  # the index
    view.close()


def test_the_list_may_become_shorter_than_the_place_of_the_selected_run(hunted):
    reader, hunt = hunted
    selection = Selection()
    view = run_list(reader, hunt, selection)
    selection.pick(view._table.value["config_hash"].iloc[PAGE - 1])
    assert view._table.selection == [PAGE - 1]
    view.tools.statuses.value = ["diverged"]
    settle(lambda: view._count.object == "1–5 of 5 runs")
    assert len(view._table.value) == 5
    view.close()


def test_a_step_over_a_border_turns_the_page_and_a_pick_elsewhere_does_not(hunted):
    reader, hunt = hunted
    selection, listing = Selection(), Listing()
    view = run_list(reader, hunt, selection, listing)
    ids = [row["config_hash"] for row in reader.runs(hunt, order="-")]
    selection.pick(ids[24])
    assert view.pages.value == 0
    listing.walked = (ids[12], 12)
    assert view.pages.value == 0, "the selection leads"
    selection.pick(ids[12])
    settle(lambda: view._count.object == "11–20 of 25 runs")
    settle(lambda: view._table.selection == [2])
    view.close()


def test_the_list_says_how_it_stands(hunted):
    listing = Listing()
    view = run_list(*hunted, listing=listing)
    view._table.sorters = [{"field": "log_prime_sse", "dir": "desc"}]
    assert listing.order == "-log_prime_sse"
    view.tools.statuses.value = ["diverged"]
    assert listing.filters == Filters(statuses=("diverged",))
    view.close()


def test_the_user_chooses_the_columns_and_the_id_stays(hunted):
    view = run_list(*hunted)
    assert set(view._table.hidden_columns).isdisjoint(USUAL)
    view.tools.choice.value = ["n_peaks"]
    assert "n_peaks" not in view._table.hidden_columns
    assert "config_hash" not in view._table.hidden_columns
    assert "log_prime_sse" in view._table.hidden_columns
    view.close()


def test_a_new_run_is_asked_for_once_and_a_page_that_is_read_does_not_move(tmp_path):
    workspace = hunt_in(tmp_path)
    reader = LedgerReader(workspace.ledger_path)
    hunt = reader.latest_hunt()["hunt_id"]
    selection = Selection()
    view = run_list(reader, hunt, selection)
    first = view._table.value["config_hash"].tolist()
    assert len(first) == 6
    selection.pick(first[3])
    assert 3 in view._table.selection
    with Ledger(workspace.ledger_path) as ledger:
        row = RunRow(config=RunConfig(seed=77), status="diverged", error="x")
        ledger.commit_run(hunt, 2, 7, row)
    before = view._asked
    view.snapshot = Snapshot(shown=view.snapshot.shown, sequence=1, taken=5.0)
    assert view._asked == before, "nothing new, nothing asked"
    view.snapshot = Snapshot(shown=view.snapshot.shown, sequence=2)
    settle(lambda: view._count.object == "1–7 of 7 runs")

    def marked():
        return {view._table.value["config_hash"].iloc[i] for i in view._table.selection}

    settle(lambda: marked() == {first[3]})
    view.close()


@pytest.mark.browser
def test_a_click_on_a_header_sorts_the_whole_hunt(hunted, start_server, open_page):
    reader, hunt = hunted
    served = start_server(workspace=reader._path.parent)
    page, errors, _ = open_page(served.url)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    page.locator(".tabulator-col-title", has_text="SSE").click()
    lowest = reader.runs(hunt, order="log_prime_sse", limit=1)[0]["config_hash"]
    page.locator(f".tabulator-row:first-child span[title='{lowest}']").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="page 3").click()
    page.get_by_text("21–25 of 25 runs").wait_for(timeout=TIMEOUT)
    assert page.locator(".tabulator-row").count() == 5
    assert errors == []


def test_marks_stay_over_pages_sorting_and_filters_and_a_fifth_is_refused(hunted):
    reader, hunt = hunted
    compared = Compared()
    view = run_list(reader, hunt, compared=compared)
    bar = MarkBar(compared, lambda: None)
    assert bar.compare.disabled

    def tick(row):
        view._clicked(TableEditEvent(view._table, column="marked", row=row))

    def ticked():
        table = view._table.value
        return table["config_hash"][table["marked"]].tolist()

    tick(0)
    tick(2)
    assert view._selection.run == "", "a tick is no selection"
    first = ticked()
    assert len(first) == 2
    view.pages.value = 2
    settle(lambda: view._count.object == "21–25 of 25 runs")
    assert ticked() == []
    tick(1)
    view.pages.value = 0
    settle(lambda: view._count.object == "1–10 of 25 runs")
    assert ticked() == first
    view._table.sorters = [{"field": "log_prime_sse", "dir": "asc"}]
    settle(lambda: view._table.value["log_prime_sse"].iloc[0] == 1 / 24)
    assert set(ticked()) == {run for run in compared.runs if run in set(shown(view))}
    view.tools.statuses.value = ["diverged"]
    settle(lambda: view._count.object == "1–5 of 5 runs")
    free = [i for i, run in enumerate(shown(view)) if run not in compared.runs]
    tick(free[0])
    tick(free[1])
    assert len(compared.runs) == 4
    assert shown(view)[free[1]] not in compared.runs
    assert f"Run {shown(view)[free[1]][:8]} was not marked: got a fifth" in bar._words.object
    assert "<b>4 of 4</b>" in bar._words.object
    bar.clear.clicks += 1
    assert ticked() == []
    assert bar.compare.disabled
    bar.close()
    view.close()


def shown(view):
    return view._table.value["config_hash"].tolist()


def test_every_number_of_the_equations_is_a_column_and_the_searched_come_first(tmp_path):
    workspace = hunt_in(tmp_path, search="epsilon=0.05:0.5:log sdg_tau=0.5:2")
    reader = LedgerReader(workspace.ledger_path)
    hunt = reader.latest_hunt()
    status = HuntStatus(state="completed", hunt_id=hunt["hunt_id"], settings=hunt["settings"])
    view = RunList(reader, Selection(), NoLoop(), snapshot=Snapshot(shown=status, sequence=1))
    settle(lambda: view._count.object)
    options = view.tools.choice.options
    searched = [words for words in options if words.startswith("◆")]
    assert "◆ ε · epsilon, searched" in searched
    assert "◆ τ · sdg_tau, searched" in searched
    assert list(options)[: len(searched)] == searched
    assert set(options.values()) >= set(PHYSICS_KEYS)
    view.tools.choice.value = ["epsilon", "status"]
    assert "epsilon" not in view._table.hidden_columns
    for run, epsilon in zip(shown(view), view._table.value["epsilon"], strict=True):
        assert epsilon == reader.run(run)["config"]["epsilon"]
    assert view._table.value["epsilon"].nunique() > 1
    assert order_of([{"field": "epsilon", "dir": "asc"}]) == "-", "the ledger has no index on it"
    view.close()


def test_a_list_begins_with_the_page_and_columns_of_a_link_and_says_them(hunted):
    listing = Listing(page=2, columns=["config_hash", "n_peaks"])
    view = run_list(*hunted, listing=listing)
    assert view._count.object == "21–25 of 25 runs"
    assert view.pages.value == 2
    assert {*CHOICE} - {*view._table.hidden_columns} == {"config_hash", "n_peaks"}
    assert view.tools.choice.value == ["config_hash", "n_peaks"]
    view.pages.value = 1
    view.tools.choice.value = ["p"]
    assert (listing.page, listing.columns) == (1, ["config_hash", "p"])
    view.tools.statuses.value = ["diverged"]
    assert listing.page == 0
    view.close()


def test_a_list_begins_as_a_link_says(hunted):
    filters = Filters(("ok",), {"log_prime_sse": (0.05, 0.5)})
    listing = Listing(order="-log_prime_sse", filters=filters)
    view = run_list(*hunted, listing=listing)
    shown = view._table.value["log_prime_sse"].tolist()
    wanted = [
        1 / (seed + 1) for seed in range(25) if seed % 5 != 4 and 0.05 <= 1 / (seed + 1) <= 0.5
    ]
    assert shown == sorted(wanted, reverse=True)[:PAGE]
    assert view._table.sorters == [{"field": "log_prime_sse", "dir": "desc"}]
    assert view.tools.statuses.value == ["ok"]
    assert (view.tools.low.value, view.tools.high.value) == ("0.05", "0.5")
    view.tools.high.value = ""
    assert listing.filters == Filters(("ok",), {"log_prime_sse": (0.05, None)})
    assert listing.order == "-log_prime_sse"
    view.close()
