"""A tab that is hidden reads nothing, and is right again when it is shown."""

import asyncio
from dataclasses import replace

import pytest
from audited_hunt import hunted
from bokeh.document import Document
from panel.io.state import set_curdoc

from irer_panel.app import create_view
from irer_panel.curtain import Curtain
from irer_panel.selection import Selection
from irer_panel.session import Session
from irer_panel.snapshot import Snapshot
from irer_panel.views import audit_tab, compare_tab, spectrum

# Panel's own, of a table's value.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("curtain"), num_generations=3, population_size=8)
    yield engine
    engine.close()


@pytest.fixture
def curtain(engine):
    page = Selection()
    session = Session(engine, loop=None)
    curtain = Curtain(page, session)
    yield page, session, curtain
    curtain.close()


def test_a_drawn_curtain_lets_nothing_in_and_opens_on_the_newest(curtain):
    page, session, curtain = curtain
    seen = []
    curtain.selection.param.watch(lambda event: seen.append(event.new), "run")
    for run in ("a" * 40, "b" * 40):
        page.pick(run)
    session.paced = look = Snapshot(sequence=7)
    assert seen == []
    assert curtain.snapshot is not look
    curtain.shown = True
    assert seen == ["b" * 40]
    assert curtain.snapshot is look
    page.pick("c" * 40)
    assert seen[-1] == "c" * 40


def test_what_a_tab_picks_the_page_picks(curtain):
    page, _, curtain = curtain
    curtain.shown = True
    curtain.selection.pick("a" * 40)
    assert (page.run, page.follow) == ("a" * 40, False)
    assert (curtain.selection.run, curtain.selection.follow) == ("a" * 40, False)


def test_all_that_a_pick_changes_is_one_message(curtain):
    page, _, curtain = curtain
    curtain.shown, document, held = True, Document(), []
    for each in (page, curtain.selection):
        each.param.watch(lambda _: held.append(document.callbacks.hold_value), "run")
    with set_curdoc(document):
        curtain.selection.pick("b" * 40)
    assert held == ["combine", "combine"]
    assert document.callbacks.hold_value is None


def test_a_closed_curtain_follows_nothing(curtain):
    page, _, curtain = curtain
    curtain.shown = True
    curtain.close()
    page.pick("a" * 40)
    assert curtain.selection.run == ""


def test_twenty_runs_pass_a_hidden_tab_unread_and_it_shows_the_right_one(engine, monkeypatch):
    read = []

    def counting(original):
        def reading(*arguments):
            read.append(arguments[-1])
            return original(*arguments)

        return reading

    monkeypatch.setattr(spectrum, "read", counting(spectrum.read))
    monkeypatch.setattr(audit_tab, "read_facts", counting(audit_tab.read_facts))
    painted, paint = [], compare_tab.paint_runs

    def painting(wanted, *arguments, **more):
        painted.append(wanted.runs)
        return paint(wanted, *arguments, **more)

    monkeypatch.setattr(compare_tab, "paint_runs", painting)

    async def becomes(so):
        async with asyncio.timeout(30):
            while not so():
                await asyncio.sleep(0.02)

    async def run():
        cockpit = create_view(engine)
        await becomes(lambda: cockpit.deck is not None and cockpit.selection.run)
        deck = cockpit.deck
        deck.open("Spectrum")
        await becomes(lambda: "Spectrum" in deck.views)
        tab = deck.views["Spectrum"]
        await becomes(lambda: cockpit.selection.run in tab._heading.object)
        deck.open("Audit")
        await becomes(lambda: cockpit.selection.run in read[1:])
        deck.open("Compare")
        await becomes(lambda: () in painted)
        deck.open("Runs")
        await becomes(lambda: deck.active == "Runs")
        read.clear()
        painted.clear()
        before = cockpit.selection.run
        ids = dict.fromkeys(row["config_hash"] for row in engine.reader.runs())
        runs = ([run for run in ids if run != before] * 20)[:20]
        for each in runs:
            cockpit.selection.pick(each)
            await asyncio.sleep(0.02)
        cockpit.session.paced = replace(cockpit.session.snapshot, sequence=99)
        assert cockpit.selection.run == runs[-1]
        for each in runs[:2]:
            cockpit.carried.compared.toggle(each)
        await asyncio.sleep(0.1)
        assert read == []
        assert painted == []
        deck.open("Compare")
        await becomes(lambda: tuple(runs[:2]) in painted)
        deck.open("Spectrum")
        await becomes(
            lambda: runs[-1] in tab._heading.object and "Reading" not in tab._heading.object
        )
        assert read == [runs[-1]]
        cockpit.close()

    asyncio.run(run())
