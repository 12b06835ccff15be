"""What a link carries of the tabs comes back as it was, and what it gets wrong is said."""

from urllib.parse import parse_qs

import pytest

from engine.store.filters import Filters
from irer_panel.carried import Carried
from irer_panel.columns import CHOICE, USUAL
from irer_panel.link import MAX_LENGTH, query_of, wanted_of
from irer_panel.listing_words import wanted_listing, words_of
from irer_panel.views.compare_state import CompareView
from irer_panel.views.field_look import Look
from irer_panel.views.field_state import Pane

RUN = "0123456789abcdef0123456789abcdef01234567"

FULL = {
    "compare": f"{RUN},{RUN[::-1]}",
    "panes": "g_tt:max:coolwarm:symmetric:own",
    "panes.x": "2:4.5",
    "panes.y": "5:6",
    "t": "12.5",
    "sort": "-fitness",
    "status": "ok,diverged",
    "range": "log_prime_sse:0.1:",
    "film": "g_tt",
    "evolution": "log_prime_sse",
    "importance": "sdg_h_norm_l2",
    "parameter": "param_alpha",
    "figure": "n_peaks",
    "page": "3",
    "columns": "n_peaks,epsilon,-p,-status",
    "scatter.x": "0.01:2",
    "scatter.y": "0.0001:0.5",
    "evolution.x": "-0.5:7.25",
    "evolution.y": "0.125:3",
}


def test_what_a_link_asks_for_is_there_and_is_what_the_next_link_says():
    carried = Carried({"run": RUN, **FULL})
    assert carried.remarks == []
    assert carried.compared.refused == ""
    assert carried.compared.view == CompareView(
        Pane("g_tt", aggregation="max"), Look("coolwarm", "symmetric"), True
    )
    assert carried.compared.window == ((2.0, 4.5), (5.0, 6.0))
    assert carried.listing.order == "-fitness"
    assert carried.listing.filters == Filters(("ok", "diverged"), {"log_prime_sse": (0.1, None)})
    assert carried.listing.page == 2
    asked = {*USUAL, "n_peaks", "epsilon"} - {"p", "status"}
    assert carried.listing.columns == [name for name in CHOICE if name in asked]
    assert carried.zooms.of("scatter") == ((0.01, 2.0), (0.0001, 0.5))
    assert carried.words(RUN) == FULL
    query = query_of(carried.words(RUN))
    assert len(query) < 560
    sent = {name: [value.encode()] for name, value in FULL.items()}
    assert wanted_of(sent) == FULL


def test_a_page_that_nobody_touched_needs_no_words():
    assert query_of(Carried({}).words(RUN)) == ""


def test_how_runs_are_compared_needs_no_words_where_none_is():
    assert query_of(Carried({"panes": FULL["panes"], "panes.x": "1:2"}).words("")) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sort", "p"),
        ("sort", "fitness; DROP TABLE runs"),
        ("status", "ok,lucky"),
        ("range", "log_prime_sse:nan:1"),
        ("range", "log_prime_sse::"),
        ("range", "log_prime_sse:1"),
        ("range", "param_kappa:0:1"),
        ("film", "psi"),
        ("evolution", "n_peaks"),
        ("importance", "<b>"),
        ("parameter", "seed"),
        ("figure", "mass"),
        ("t", "soon"),
        ("page", "0"),
        ("page", "-3"),
        ("page", "two"),
        ("page", "²"),
        ("page", "9" * 12),
        ("columns", "mass"),
        ("columns", "n_peaks,"),
        ("columns", "-config_hash"),
        ("columns", "marked"),
    ],
)
def test_a_word_that_is_none_is_left_out_and_said(name, text):
    carried = Carried({"run": RUN, name: text})
    [remark] = carried.remarks
    assert remark.startswith(f"{name}: got {text!r}, expected ")
    assert remark.endswith("it was left out.")
    assert query_of(carried.words(RUN)) == ""


@pytest.mark.parametrize(
    "words",
    [
        {"scatter.x": "0.1:2"},
        {"scatter.x": "0.1:2", "scatter.y": "0:1"},
        {"scatter.x": "-1:2", "scatter.y": "0.1:1"},
        {"scatter.x": "2:1", "scatter.y": "0.1:1"},
        {"evolution.x": "0:inf", "evolution.y": "0.1:1"},
        {"evolution.x": "0:3", "evolution.y": "-1:1", "evolution": "log_prime_sse"},
    ],
)
def test_a_zoom_that_cannot_be_is_left_out_and_said(words):
    carried = Carried(words)
    assert carried.zooms.windows == {}
    [remark] = carried.remarks
    name = next(iter(words)).partition(".")[0]
    assert remark.startswith(f"{name}.x, {name}.y: got '{words[f'{name}.x']}")
    assert remark.endswith("expected words such as 0.1:12.5, both; it was left out.")


def test_a_logarithm_that_is_not_drawn_bounds_no_zoom():
    words = {"evolution.x": "0:3", "evolution.y": "-1:1"}
    assert Carried(words).remarks == []
    assert parse_qs(query_of(Carried(words).words(""))) == {k: [v] for k, v in words.items()}


@pytest.mark.parametrize(
    "words",
    [
        {"panes": "rho"},
        {"panes": "mass:mean::linear:all"},
        {"panes": "rho:median::linear:all"},
        {"panes": "rho:mean:jet:linear:all"},
        {"panes": "rho:mean::symmetric:all"},
        {"panes": "rho:mean::linear:mine"},
        {"panes": "phase:max::linear:all"},
        {"panes.x": "1:2"},
        {"panes.x": "1:2", "panes.y": "3:inf"},
    ],
)
def test_panes_that_cannot_be_are_left_out_and_said(words):
    compared = Carried(words).compared
    assert (compared.view, compared.window) == (CompareView(), None)
    assert compared.refused.startswith("panes")
    assert compared.refused.endswith("it was left out.")


def test_every_set_of_columns_comes_back():
    for name in CHOICE:
        listing = Carried({}).listing
        shown = [each for each in CHOICE if (each in listing.columns) != (each == name)]
        listing.columns = shown if "config_hash" in shown else list(USUAL)
        words = words_of(listing)
        assert wanted_listing(words)[0].columns == listing.columns
    listing.columns = ["config_hash", *(each for each in CHOICE if each not in USUAL)]
    assert len(words_of(listing)["columns"]) <= MAX_LENGTH
    assert wanted_listing(words_of(listing))[0].columns == listing.columns


def test_whoever_watches_hears_of_every_change():
    carried, heard = Carried({}), []
    watched = carried.watch(lambda *events: heard.append(events[0].name))
    carried.compared.toggle(RUN)
    carried.compared.window = ((0.0, 1.0), (0.0, 1.0))
    carried.compared.view = CompareView(own=True)
    carried.moment.param.update(run=RUN, time=2.0)
    carried.listing.order = "fitness"
    carried.choices.words = {"film": "g_tt"}
    carried.listing.page = 1
    carried.listing.columns = ["config_hash"]
    carried.zooms.note("scatter", ((1.0, 2.0), (1.0, 2.0)))
    told = ["runs", "window", "view", "run", "order", "words", "page", "columns", "windows"]
    assert heard == told
    for owner, watcher in watched:
        owner.param.unwatch(watcher)
    carried.compared.clear()
    assert len(heard) == len(told)
