"""Colour maps, scales and limits, and the words that a link carries for them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irer_panel.fields import CURVATURE, FIELDS, G_TT, PHASE, RHO
from irer_panel.source import reach_of
from irer_panel.viewport import AGGREGATIONS
from irer_panel.views.field_look import (
    MAPS,
    SCALES,
    SMALLEST_SPAN,
    Look,
    automatic,
    colours,
    refusal,
)
from irer_panel.views.field_state import SIDES, FieldView, Pane, read_words, words_of

STYLES = {s.key: s for f in FIELDS.values() for s in (f, f.difference)}


def plane(*values):
    return reach_of(np.array([values], float))


def test_every_map_has_colours():
    for maps in MAPS.values():
        assert all(len(found) == 256 for found in maps.values())
        assert all(c.startswith("#") for found in maps.values() for c in found)


def test_limits_of_a_flat_or_broken_field_are_still_a_range():
    flat = plane(-1.0, -1.0)
    assert automatic(G_TT, "linear", [flat]) == (-1 - SMALLEST_SPAN, -1 + SMALLEST_SPAN)
    assert automatic(RHO, "linear", [plane(np.nan, np.nan)]) == (0.0, SMALLEST_SPAN)
    assert automatic(RHO, "linear", [plane(1.0, np.inf, 3.0)]) == (1.0, 3.0)
    low, high = automatic(RHO, "log", [plane(0.0, -1.0)])
    assert 0 < low < high


def test_a_field_of_tiny_values_keeps_its_relief():
    assert automatic(CURVATURE, "linear", [plane(-2e-9, 1e-9)]) == (-2e-9, 2e-9)
    assert automatic(RHO, "linear", [plane(1e-9, 3e-9)]) == (1e-9, 3e-9)


def test_compared_runs_share_their_limits():
    assert automatic(RHO, "linear", [plane(1, 3), plane(0.5, 2)]) == (0.5, 3.0)
    assert automatic(G_TT, "linear", [plane(-1, -1.1), plane(-0.7, -1)]) == pytest.approx(
        (-1.3, -0.7)
    )


def test_a_log_scale_begins_at_the_smallest_cell_above_zero():
    assert automatic(RHO, "log", [plane(-1.0, 0.0, 1e-3, 5.0)]) == (1e-3, 5.0)
    assert colours(RHO, Look(scale="log"), (1e-3, 5.0)).log


def test_a_phase_is_coloured_over_a_whole_turn():
    assert automatic(PHASE, "linear", [plane(0.1, 0.2)]) == (-math.pi, math.pi)


def test_a_symmetric_scale_shows_small_values_of_either_sign():
    reach = 0.5
    found = colours(CURVATURE, Look(scale="symmetric"), (-reach, reach))
    plain = MAPS["diverging"]["red-blue"]

    def colour(value):
        return found.palette[int((value + reach) / (2 * reach) * len(found.palette))]

    # t(v) = asinh(50 v/reach): a hundredth of the reach is a tenth of the way to the end
    for share in (0.01, 0.1, 0.6):
        place = np.arcsinh(50 * share) / np.arcsinh(50)
        for sign in (-1, 1):
            expected = plain[int(128 + sign * 128 * place - (sign < 0))]
            near = {plain[plain.index(expected) + d] for d in (-2, -1, 0, 1, 2)}
            assert colour(sign * share * reach) in near
    assert found.palette[0] == plain[0]
    assert found.palette[-1] == plain[-1]


def test_ticks_of_a_symmetric_scale_stand_where_their_values_are():
    found = colours(G_TT, Look(scale="symmetric"), (-1.25, -0.75))
    places = {words: place for place, words in found.ticks}
    assert list(places) == ["−1.1", "−1.01", "−1", "−0.99", "−0.9"]
    assert places["−1"] == 0
    assert places["−0.9"] == pytest.approx(np.arcsinh(50 * 0.1 / 0.25))
    assert found.bar_limits == pytest.approx((-np.arcsinh(50), np.arcsinh(50)))


@pytest.mark.parametrize(
    ("scale", "limits", "words"),
    [
        ("linear", (2.0, 1.0), "lower one first"),
        ("linear", (1.0, 1.0), "lower one first"),
        ("linear", (0.0, math.nan), "expected numbers"),
        ("log", (0.0, 1.0), "more than 0"),
    ],
)
def test_limits_that_cannot_be_are_refused_in_words(scale, limits, words):
    assert words in refusal(RHO, scale, limits)
    assert refusal(RHO, "linear", (0.0, 1.0)) == ""


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@st.composite
def looks(draw):
    style = STYLES[draw(st.sampled_from(sorted(STYLES)))]
    scale = draw(st.sampled_from(SCALES[style.kind]))
    ends = tuple(sorted(draw(st.tuples(NUMBERS, NUMBERS))))
    limits = ends if draw(st.booleans()) and not refusal(style, scale, ends) else None
    return style, Look(draw(st.sampled_from(["", *MAPS[style.kind]])), scale, limits)


PANES = st.builds(
    Pane, st.sampled_from(sorted(FIELDS)), st.sampled_from(SIDES), st.sampled_from(AGGREGATIONS)
)


@given(PANES, PANES, st.lists(looks(), max_size=4), st.booleans())
def test_a_view_comes_back_from_its_words(first, second, styled, zoomed):
    view = FieldView().with_pane(0, first).with_pane(1, second)
    for style, look in styled:
        view = view.with_look(style, look)
    window = ((0.1, 12.5), (-0.25, 3.0)) if zoomed else None
    words = words_of(view, window)
    back, ranges, refused = read_words(words)
    assert back.panes == view.panes
    assert all(back.look(style) == view.look(style) for style in STYLES.values())
    assert ranges == window
    assert not refused
    assert all(isinstance(each, str) for each in words.values())


@given(
    st.dictionaries(
        st.sampled_from(["pane1", "pane2", "look.rho", "look.phase", "x", "y", "colour"]),
        st.text("rho:gtun.-+0123456789einfa ", max_size=20)
        | st.sampled_from(["rho:run:mean", "viridis:log:0:1", "1:0", "0:inf"]),
    )
)
def test_no_words_break_the_view(words):
    view, window, refused = read_words(words)
    assert words_of(view, window) is not None
    assert all("it was left out" in each for each in refused)


def test_what_a_link_gets_wrong_is_named():
    wrong = {
        "pane1": "mass",
        "look.rho": "jet:linear:auto",
        "look.rho_s": "viridis:log:-1:2",
        "x": "0:1",
    }
    _, _, refused = read_words(wrong)
    assert [each.partition(":")[0] for each in refused] == [*list(wrong)[:3], "window"]


def test_an_untouched_view_needs_no_words():
    assert words_of(FieldView()) == {}


def test_an_angle_has_a_mean_and_nothing_else():
    view = FieldView().with_pane(0, Pane("rho", aggregation="max"))
    assert view.with_pane(0, Pane("phase", aggregation="max")).panes[0].aggregation == "mean"


def test_a_title_leaves_the_tools_their_room():
    """Of 360 pixels above a pane the tools take 200; a sign has up to 7."""
    for style in FIELDS.values():
        assert len(f"{style.meaning} of 01234567") <= 23, style.meaning
