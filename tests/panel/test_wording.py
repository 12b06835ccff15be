"""Numbers as people read them; no sentinel ever."""

import math

import pytest

from irer_panel import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.41234, "0.4123"),
        (0.5, "0.5"),
        (12345.6, "12,350"),
        (999_999, "1e6"),
        (3, "3"),
        (0.00064123, "6.412e-4"),
        (1e-300, "1e-300"),
        (-0.98, "−0.98"),
        (0.0, "0"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_four_significant_digits(value, text):
    assert wording.number(value) == text


@pytest.mark.parametrize("value", [7.94e-05, 3.8e-06, 2e06, 5e-324, 1.5e100, -4e-07, 1e20])
def test_exponents_of_others_are_written_as_the_pages_own(value):
    words = f"peak05 ≤ {value:.2g}, 1e0 e-05"
    own = wording.number(value, 2).replace("−", "-")
    assert wording.bare_exponents(words) == f"peak05 ≤ {own}, 1e0 e-05"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.34, "2.3 s"), (35.2, "35 s"), (125, "2 min 5 s"), (4320, "1 h 12 min"), (None, "–")],
)
def test_a_span_of_time_in_its_two_largest_units(seconds, text):
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(
    ("speed", "text"), [(1.84, "1.8 runs/s"), (0.07, "4.2 runs/min"), (0.0, "–"), (None, "–")]
)
def test_a_rate_in_the_unit_that_keeps_it_readable(speed, text):
    assert wording.rate(speed) == text


def test_an_id_is_its_first_eight_digits():
    assert wording.short_id("0123456789" * 4) == "01234567"
    assert wording.short_id("") == "–"


def test_one_is_not_plural():
    assert [wording.counted(n, "run") for n in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
