"""The help holds each tab and card, and names pages and headings that there are."""

from pathlib import Path

import pytest

from irer_panel.background import NoLoop
from irer_panel.help_text import CARDS, SECTIONS
from irer_panel.keymap import BINDINGS, BY_KEY, keys_of
from irer_panel.tabs import tabs_of
from irer_panel.views.correlation import CorrelationView
from irer_panel.views.evolution import EvolutionView
from irer_panel.views.failures import FailureView
from irer_panel.views.help_drawer import Help, help_html
from irer_panel.views.importance import ImportanceView
from irer_panel.views.lineage import LineageView
from irer_panel.views.parallel import ParallelView
from irer_panel.views.parameter import ParameterView
from irer_panel.views.scatter import ScatterView

DOCS = Path(__file__).parents[2]
VIEWS = (
    ScatterView,
    EvolutionView,
    ParallelView,
    ParameterView,
    CorrelationView,
    ImportanceView,
    FailureView,
    LineageView,
)
ENTRIES = [entry for entries in SECTIONS.values() for entry in entries]


class Page:
    """As much of a page as its tabs ask for before one is made."""

    engine, loop = None, NoLoop()


def test_every_tab_has_its_section_in_the_order_of_the_tabs():
    assert list(SECTIONS) == ["Above the tabs", *tabs_of(Page())]
    assert all(SECTIONS.values())


def test_every_card_of_the_hunt_says_what_the_help_says():
    assert [view.title for view in VIEWS] == list(CARDS)
    for view in VIEWS:
        assert view.help == CARDS[view.title].text


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_an_entry_is_sentences_and_names_a_heading_that_there_is(entry):
    lines = (DOCS / entry.page).read_text().splitlines()
    assert any(line.lstrip("#").strip() == entry.heading for line in lines if line[:1] == "#")
    sentences = entry.text.replace("…", "").count(". ") + 1
    assert 2 <= sentences <= 5, entry.text
    assert entry.text.endswith(".")
    assert entry.units.endswith(".")


def test_the_titles_are_unique():
    titles = [entry.title for entry in ENTRIES]
    assert len(set(titles)) == len(titles)


def test_the_drawer_is_made_when_it_is_first_opened():
    drawer = Help()
    assert drawer.drawer.text == ""
    drawer.open()
    assert drawer.drawer.text == help_html()
    assert drawer.drawer.asked == 1
    drawer.open()
    assert drawer.drawer.asked == 2


def test_every_entry_and_key_is_in_the_drawer():
    text = help_html()
    for entry in ENTRIES:
        assert f'data-entry="{entry.title}"' in text
    for binding in BINDINGS:
        assert f"<kbd>{binding.shown}</kbd></td><td>{binding.words}</td>" in text


def test_the_tour_has_the_same_table_of_keys():
    tour = (DOCS / "docs/tour.md").read_text()
    rows = "\n".join(f"| {each.shown} | {each.words} |" for each in BINDINGS)
    assert rows in tour


def test_no_key_has_two_meanings_and_the_player_has_its_own_in_its_tab_alone():
    assert len(BY_KEY) == sum(len(each.keys) for each in BINDINGS)
    here, there = keys_of("Runs")[0], keys_of("Time")[0]
    assert set(there) - set(here) == {" ", "ArrowLeft", "ArrowRight", "l"}
    assert "ArrowRight" not in keys_of("Runs")[1]
    assert {"j", "ArrowLeft"} <= set(keys_of("Time")[1])
