"""Tabs are made when they are first opened, once, and freed with the page."""

from typing import ClassVar

import panel as pn
import pytest

from irer_panel.background import NoLoop
from irer_panel.views.deck import Deck


class View(pn.viewable.Viewer):
    def __init__(self, name, log):
        super().__init__()
        self._name, self._log = name, log
        log.append(f"{name} made")

    def close(self):
        self._log.append(f"{self._name} closed")

    def __panel__(self):
        return pn.pane.HTML(self._name)


@pytest.fixture
def log():
    return []


def deck(log, first=""):
    names = ("Runs", "Audit", "Log")
    return Deck({name: lambda name=name: View(name, log) for name in names}, NoLoop(), first)


def test_only_what_is_opened_is_made_and_only_once(log):
    tabs = deck(log)
    assert log == ["Runs made"]
    assert (tabs.active, tabs.moved) == ("Runs", False)
    for _ in range(2):
        tabs.open("Log")
        tabs.open("Runs")
    assert log == ["Runs made", "Log made"]
    tabs.close()
    assert log[2:] == ["Runs closed", "Log closed"]


def test_a_link_opens_its_tab_and_makes_no_other(log):
    tabs = deck(log, "Audit")
    assert log == ["Audit made"]
    assert (tabs.active, tabs.moved) == ("Audit", True)


def test_the_first_view_comes_with_the_tabs_and_others_aside(log):
    """A browser that has the tabs alone would build the table that follows them twice."""

    class Aside(NoLoop):
        calls: ClassVar = []

        def aside(self, call, then):
            self.calls.append(call)

    tabs = Deck({name: lambda name=name: View(name, log) for name in ("Runs", "Log")}, Aside())
    assert log == ["Runs made"]
    assert tabs._places["Runs"][0].object == "Runs"
    tabs.open("Log")
    assert log == ["Runs made"]
    assert [each.css_classes for each in tabs._places.values()] == [[], ["opening"]]
    Aside.calls.pop()()
    assert [each.css_classes for each in tabs._places.values()] == [[], []]
    assert log == ["Runs made", "Log made"]
    Deck({name: lambda name=name: View(name, log) for name in ("Runs", "Log")}, Aside(), "Log")
    assert log == ["Runs made", "Log made"]
    Aside.calls.pop()()
    assert log == ["Runs made", "Log made", "Log made"]


@pytest.mark.parametrize("name", ["", "Nothing", "runs"])
def test_a_tab_that_there_is_none_of_opens_the_first(log, name):
    tabs = deck(log, name)
    assert tabs.active == "Runs"
    tabs.open(name)
    assert tabs.active == "Runs"


def test_a_click_in_the_browser_makes_the_view(log):
    tabs = deck(log)
    model = tabs.__panel__()
    model.active = 2
    assert log == ["Runs made", "Log made"]
    assert tabs.active == "Log"


def test_nothing_is_made_for_a_page_that_is_gone(log):
    tabs = deck(log)
    tabs.close()
    tabs.open("Log")
    assert log == ["Runs made", "Runs closed"]


def test_a_view_that_cannot_be_made_says_so_and_the_others_are_there(log, caplog):
    def broken():
        raise ValueError("no such thing")

    tabs = Deck({"Runs": lambda: View("Runs", log), "Broken": broken}, NoLoop())
    tabs.open("Broken")
    [said] = tabs._places["Broken"]
    assert said.objects[0].object == (
        "This view could not be made: ValueError: no such thing. Report this."
    )
    assert "The tab Broken could not be made" in caplog.text
    tabs.close()
    assert log == ["Runs made", "Runs closed"]
