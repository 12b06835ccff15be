"""Pages of the run list: whatever waits in the tail, they are slices of the sorted whole."""

import itertools
import random

import pytest
from store_samples import run_row

from engine.errors import SettingsError
from engine.settings import HuntSettings
from engine.store import ledger as ledger_module
from engine.store.columns import COLUMNS
from engine.store.filters import Filters
from engine.store.ledger import Ledger
from engine.store.pareto import undominated
from engine.store.reader import LedgerReader

COUNT = 120


@pytest.fixture(scope="module", params=[1, 50, 1000], ids=lambda n: f"folded by {n}")
def filled(request, tmp_path_factory):
    """Two hunts in turns, full of ties, gaps and failures; some runs twice, some in no hunt."""
    path = tmp_path_factory.mktemp("ledger") / "simulation_ledger.sqlite"
    draw = random.Random(1)
    with pytest.MonkeyPatch.context() as patch, Ledger(path) as ledger:
        patch.setattr(ledger_module, "FOLD", request.param)
        hunts = [ledger.create_hunt(HuntSettings()) for _ in range(2)]
        for i in range(COUNT):
            row = random_row(draw, i)
            hunt = draw.choice([*hunts, None])
            ledger.commit_run(hunt, i // 10, i % 10, row, draw.choice([None, 1.0, 2.0]))
            if i % 9 == 0:
                ledger.commit_run(draw.choice(hunts), 100 + i, 0, row, 2.0)
    return LedgerReader(path), hunts


def random_row(draw, seed):
    if draw.random() < 0.2:
        return run_row(seed, status=draw.choice(["diverged", "worker_failed"]), error="ä" * seed)
    return run_row(
        seed,
        log_prime_sse=draw.choice([0.25, 0.5, draw.random()]),
        sdg_h_norm_l2=draw.choice([None, 0.5, draw.random()]),
        n_peaks=draw.choice([None, 3, 4]),
        artifact_sha256=draw.choice([None, "a" * 64, "b" * 64]),
    )


def in_order(rows, order):
    """Python's own sort: no value last, ties by commit, falling the newest first."""
    name, falling = order.removeprefix("-"), order.startswith("-")
    if falling:
        rows = rows[::-1]
    if not name:
        return rows
    held = sorted((r for r in rows if r[name] is not None), key=lambda r: r[name], reverse=falling)
    return held + [r for r in rows if r[name] is None]


@pytest.mark.parametrize("order", ["", "-", *COLUMNS, *(f"-{name}" for name in COLUMNS)])
def test_a_page_is_a_slice_of_the_sorted_whole(filled, order):
    reader, hunts = filled
    for hunt in (None, *hunts):
        whole = in_order(reader.runs(hunt), order)
        assert reader.runs(hunt, order=order) == whole
        for limit, offset in itertools.product((0, 1, 9), (0, 1, 8, 30, 60, 111, 119, 120, 999)):
            got = reader.runs(hunt, limit=limit, offset=offset, order=order)
            assert got == whole[offset : offset + limit], (hunt, limit, offset)


@pytest.mark.parametrize(
    "order",
    ["", "-", *(f"{way}{n}" for n in ("fitness", "n_peaks", "status") for way in ("", "-"))],
)
def test_a_run_stands_where_the_whole_has_it_first(filled, order):
    reader, hunts = filled
    scored = Filters(statuses=("ok",), ranges={"n_peaks": (3, None)})
    for hunt, filters in itertools.product((None, *hunts), (Filters(), scored)):
        ids = [row["config_hash"] for row in reader.runs(hunt, order=order, filters=filters)]
        assert ids
        for run in list(dict.fromkeys(ids))[::3]:
            got = reader.rank(run, hunt, order=order, filters=filters)
            assert got == ids.index(run), (hunt, filters, run)
    assert reader.rank("f" * 40, hunts[0], order=order) is None


FILTERS = {
    "a status": (Filters(statuses=("ok",)), lambda r: r["status"] == "ok"),
    "two statuses": (
        Filters(statuses=("diverged", "worker_failed")),
        lambda r: r["status"] in ("diverged", "worker_failed"),
    ),
    "from": (
        Filters(ranges={"log_prime_sse": (0.5, None)}),
        lambda r: r["log_prime_sse"] is not None and r["log_prime_sse"] >= 0.5,
    ),
    "to, and has": (
        Filters(ranges={"sdg_h_norm_l2": (None, 0.5), "n_peaks": (None, None)}),
        lambda r: r["sdg_h_norm_l2"] is not None and r["sdg_h_norm_l2"] <= 0.5 and r["n_peaks"],
    ),
    "all at once": (
        Filters(statuses=("ok",), ranges={"fitness": (1, 1), "log_prime_sse": (0.25, 0.5)}),
        lambda r: r["fitness"] == 1 and r["status"] == "ok" and 0.25 <= r["log_prime_sse"] <= 0.5,
    ),
    "none": (Filters(), lambda r: True),
}


@pytest.mark.parametrize(("filters", "passes"), FILTERS.values(), ids=FILTERS)
def test_filters_keep_what_passes_and_count_it(filled, filters, passes):
    reader, hunts = filled
    for hunt, order in itertools.product((None, *hunts), ("", "-fitness", "log_prime_sse")):
        wanted = [row for row in in_order(reader.runs(hunt), order) if passes(row)]
        assert reader.runs(hunt, order=order, filters=filters) == wanted
        page = reader.runs(hunt, order=order, filters=filters, limit=5, offset=3)
        assert page == wanted[3:8]
        assert reader.count(hunt, filters) == len(wanted)


@pytest.mark.parametrize(
    "arguments",
    [
        {"statuses": ("fine",)},
        {"statuses": ("ok') OR ('1' = '1",)},
        {"ranges": {"log_prime_sse; DROP TABLE runs": (0, 1)}},
        {"ranges": {"status": (0, 1)}},
        {"ranges": {"fitness": (0, float("nan"))}},
        {"ranges": {"fitness": ("0", "1")}},
        {"ranges": {"fitness": (1,)}},
    ],
)
def test_a_filter_that_is_none_is_refused(arguments):
    with pytest.raises(SettingsError, match="correct the filter"):
        Filters(**arguments)


def test_counts_and_the_best_are_those_of_the_rows(filled):
    reader, hunts = filled
    for hunt in (None, *hunts):
        rows = reader.runs(hunt)
        statuses = {row["status"] for row in rows}
        assert reader.counts(hunt) == {
            status: sum(row["status"] == status for row in rows) for status in statuses
        }
        assert reader.count(hunt) == len(rows)
    for hunt in hunts:
        fit = [r for r in reader.runs(hunt) if r["status"] == "ok" and r["fitness"] is not None]
        assert reader.best(hunt) == max(fit, key=lambda row: row["fitness"])


def test_the_front_holds_each_run_that_none_beats(filled):
    reader, hunts = filled
    for hunt in (None, *hunts):
        rows = [r for r in reader.runs(hunt) if r["sdg_h_norm_l2"] is not None]
        rows = [r for r in rows if r["status"] == "ok"]
        points = [(r["log_prime_sse"], r["sdg_h_norm_l2"]) for r in rows]
        wanted = [row for row, p in zip(rows, points, strict=True) if not beaten(p, points)]
        front = reader.pareto(hunt)
        assert sorted(front, key=repr) == sorted(wanted, key=repr)
        assert [r["log_prime_sse"] for r in front] == sorted(r["log_prime_sse"] for r in front)


def beaten(point, points):
    return any(x <= point[0] and y <= point[1] and (x, y) != point for x, y in points)


def test_equal_points_stand_together_and_weaker_ones_fall():
    points = [(1.0, 3.0, 0), (1.0, 3.0, 1), (1.0, 4.0, 2), (2.0, 3.0, 3), (2.0, 1.0, 4)]
    assert undominated(points) == [0, 1, 4]
    assert undominated([]) == []


def test_a_run_that_is_computed_again_or_evicted_changes_in_the_list(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_module, "FOLD", 1)
    path = tmp_path / "ledger.sqlite"
    reader = LedgerReader(path)
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 1, 0, run_row(0, status="worker_failed"))
        ledger.commit_run(None, 0, 0, run_row(1))
        ledger.commit_run(hunt, 1, 1, run_row(0, log_prime_sse=0.125), fitness=8.0)
        ledger.commit_run(hunt, 1, 2, run_row(1), fitness=2.0)
        ledger.commit_run(None, 0, 0, run_row(2))
        assert reader.counts(hunt) == {"ok": 3}
        assert reader.counts() == {"ok": 3}
        assert [row["log_prime_sse"] for row in reader.runs(hunt)] == [0.125, 0.125, 0.5]
        assert [row["member"] for row in reader.runs()] == [0, 2, None], "its first place"
        with ledger._transaction() as connection:
            connection.execute("UPDATE runs SET evicted = 'now' WHERE log_prime_sse = 0.125")
    assert [row["evicted"] for row in reader.runs(hunt)] == ["now", "now", None]
