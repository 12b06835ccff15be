"""Runs side by side: their own cells, limits in common, one window, words where there is none."""

import asyncio

import numpy as np
import panel as pn
import pytest
from bokeh.models import LinearColorMapper, Plot
from panel_samples import SHAPE, write_run

from engine.hunt.engine import Engine
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace
from irer_panel.background import KernelLoop
from irer_panel.compared import Compared
from irer_panel.fields import FIELDS
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.views import compare_tab
from irer_panel.views.compare_paint import paint_runs
from irer_panel.views.compare_state import CompareView
from irer_panel.views.compare_tab import CompareTab
from irer_panel.views.field_look import MAPS, Look
from irer_panel.views.field_state import Pane

pn.extension()


class Bench:
    """A tab over runs with known fields, as the models of a page."""

    def __init__(self, folder):
        self.workspace = Workspace.open(folder)
        self.engine = Engine(self.workspace)
        self.hunt = None
        self.compared, self.selection = Compared(), Selection()
        self.sequence = 1

    def run(self, seed, *, status="ok", stored=True, rho=None, **changes):
        """Commit a run; gives its id, and its ρ or None."""
        if stored:
            _, rho, _ = write_run(self.workspace, seed, rho=rho, **changes)
        row = RunRow(
            config=RunConfig(**{**SHAPE, "seed": seed, **changes}),
            status=status,
            error="" if status == "ok" else "max|ψ|² = 2e4 at t = 3",
            log_prime_sse=0.5 if status == "ok" else None,
            artifact_sha256="a" * 64 if stored else None,
            artifact_bytes=1 if stored else None,
        )
        with Ledger(self.workspace.ledger_path) as ledger:
            self.hunt = self.hunt or ledger.create_hunt(HuntSettings())
            ledger.commit_run(self.hunt, 1, seed, row, fitness=None)
        return row.config.config_hash, rho

    def look(self):
        """What a page sees once more."""
        self.sequence += 1
        self.tab.snapshot = Snapshot(sequence=self.sequence)

    def figures(self):
        """The plots in sight, in order."""
        return [self.of(pane) for pane in self.tab.panes.panes if pane.box.visible]

    def of(self, pane):
        return next(iter(pane.plot._rendered.values())).plot.state if pane.plot else None

    def image(self, figure):
        return figure.renderers[0].data_source.data["image"][0]

    def mapper(self, figure):
        return figure.renderers[0].glyph.color_mapper

    async def until(self, wanted):
        async with asyncio.timeout(30):
            while not wanted():
                await asyncio.sleep(0.01)

    async def drawn(self, count):
        def there():
            panes = [pane for pane in self.tab.panes.panes if pane.box.visible]
            return (
                len(panes) == count
                and tuple(pane.run for pane in panes) == self.compared.runs
                and all(pane.worth.object for pane in panes)
                and self.tab._ready is not None
            )

        await self.until(there)


@pytest.fixture
def follow(tmp_path):
    """Run `check(bench)` in a loop, with the tab as the models of one page that a link opened."""

    def run(check, **compared):
        async def inner():
            bench = Bench(tmp_path)
            bench.compared = Compared(**compared)
            bench.tab = CompareTab(
                bench.engine,
                bench.selection,
                bench.compared,
                KernelLoop(),
                snapshot=Snapshot(sequence=1),
            )
            bench.root = pn.panel(bench.tab).get_root()
            await check(bench)
            bench.tab.close()
            bench.engine.close()

        asyncio.run(inner())

    return run


def test_each_pane_draws_its_own_cells_in_limits_of_all(follow):
    async def check(bench):
        runs = [bench.run(seed) for seed in range(4)]
        runs[2] = bench.run(9, rho=3 + runs[2][1])
        for name, _ in runs:
            bench.compared.toggle(name)
        await bench.drawn(4)
        figures = bench.figures()
        for figure, (_, rho) in zip(figures, runs, strict=True):
            np.testing.assert_array_equal(bench.image(figure), rho)
        low = min(float(rho.min()) for _, rho in runs)
        high = max(float(rho.max()) for _, rho in runs)
        for figure in figures:
            assert (bench.mapper(figure).low, bench.mapper(figure).high) == (low, high)
        assert bench.tab.bar.visible
        bench.tab.look.own_limits.value = True
        for figure, (_, rho) in zip(figures, runs, strict=True):
            mapper = bench.mapper(figure)
            assert (mapper.low, mapper.high) == pytest.approx((rho.min(), rho.max()))
        assert not bench.tab.bar.visible
        assert all(pane.plot.bar for pane in bench.tab.panes.panes)

    follow(check)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_be_chosen(follow, field):
    async def check(bench):
        for seed in range(2):
            bench.compared.toggle(bench.run(seed)[0])
        await bench.drawn(2)
        bench.tab.look.field.value = field
        await bench.until(lambda: bench.tab._ready is not None)
        style = FIELDS[field]
        assert [figure.title.text for figure in bench.figures()] == [style.meaning] * 2
        bench.tab.look.scale.value = bench.tab.look.scale.options[-1]
        planes = [each.fields.planes[field] for each in bench.tab._ready.shown]
        if style.kind == "sequential":
            low = min(
                plane.reach.positive for plane in planes
            )  # on the scale that is now logarithmic
            assert bench.mapper(bench.figures()[1]).low == pytest.approx(low)

    follow(check)


def test_runs_of_one_length_share_their_window_whatever_their_grid(follow):
    async def check(bench):
        coarse, _ = bench.run(1)
        fine, rho = bench.run(2, N_grid=64)
        for name in (coarse, fine):
            bench.compared.toggle(name)
        await bench.drawn(2)
        one, two = bench.figures()
        assert one.x_range is two.x_range
        assert one.y_range is two.y_range
        assert (one.x_range.start, one.x_range.end) == (-0.25, 15.875), "both domains are in sight"
        linked = bench.tab.panes.links[16.0]
        linked._size.update(width=400, height=400)
        linked._ranges.event(x_range=(2.0, 4.0), y_range=(5.0, 6.0))
        await bench.until(lambda: bench.image(two).shape != (64, 64))
        # cells of 0.25: those that touch [2, 4] along x and [5, 6] along y
        np.testing.assert_array_equal(bench.image(two), rho[20:25, 8:17])
        assert bench.image(one).shape == (3, 5)
        assert bench.tab.said.visible is False

    follow(check)


def test_runs_of_other_lengths_are_not_linked_and_it_is_said(follow):
    async def check(bench):
        names = [bench.run(1)[0], bench.run(2)[0], bench.run(3, domain_length=64.0)[0]]
        for name in names:
            bench.compared.toggle(name)
        await bench.drawn(3)
        one, two, three = bench.figures()
        assert one.x_range is two.x_range
        assert one.x_range is not three.x_range
        assert (three.x_range.start, three.x_range.end) == (-1.0, 63.0)
        a, b, c = (name[:8] for name in names)
        assert f"{a}, {b} on L = 16; {c} on L = 64" in bench.tab.said.object
        bench.compared.toggle(names[2])
        await bench.drawn(2)
        assert not bench.tab.said.visible

    follow(check)


def test_runs_of_another_domain_take_the_place_of_all(follow):
    async def check(bench):
        bench.compared.toggle(bench.run(1)[0])
        await bench.drawn(1)
        name, rho = bench.run(2, domain_length=64.0)
        bench.compared.clear()
        await bench.until(lambda: not bench.tab._body.visible)
        bench.compared.toggle(name)
        await bench.drawn(1)
        [figure] = bench.figures()
        assert (figure.x_range.start, figure.x_range.end) == (-1.0, 63.0)
        np.testing.assert_array_equal(bench.image(figure), rho)
        assert len(list(bench.root.select({"type": Plot}))) == 1, "the former plot is gone"

    follow(check)


def test_a_run_that_is_evicted_while_it_is_compared_becomes_words(follow):
    async def check(bench):
        (gone, _), (kept, rho) = bench.run(1, rho=np.full((32, 32), 9, np.float32)), bench.run(2)
        for name in (gone, kept):
            bench.compared.toggle(name)
        await bench.drawn(2)
        assert bench.mapper(bench.figures()[1]).high == 9
        with Ledger(bench.workspace.ledger_path) as ledger:
            ledger.mark_evicted([gone])
        bench.workspace.artifact_path(gone).unlink()
        bench.look()
        first, second = bench.tab.panes.panes
        await bench.until(lambda: first.words.visible)
        assert "evicted on" in first.words.object
        assert not first._field.visible
        assert not second.words.visible
        assert bench.mapper(bench.figures()[1]).high == pytest.approx(rho.max())
        with Ledger(bench.workspace.ledger_path) as ledger:
            ledger.mark_restored([gone])
        write_run(bench.workspace, 1, rho=np.full((32, 32), 9, np.float32))
        bench.look()
        await bench.until(lambda: not first.words.visible)
        assert bench.mapper(bench.figures()[1]).high == 9

    follow(check)


def test_what_has_no_field_is_said_in_its_place(follow):
    async def check(bench):
        failed, _ = bench.run(1, status="diverged", stored=False)
        unknown = "f" * 40
        lost, _ = bench.run(2)
        bench.workspace.artifact_path(lost).unlink()
        bare, _ = bench.run(3, status="too_few_peaks")
        for name in (failed, unknown, lost, bare):
            bench.compared.toggle(name)
        await bench.drawn(4)
        words = [pane.words.object for pane in bench.tab.panes.panes]
        assert (
            words[0] == f"No field: run {failed[:8]} has failed (diverged): max|ψ|² = 2e4 at t = 3"
        )
        assert "not in the ledger of this workspace" in words[1]
        assert f"rho_history_{lost}.h5" in words[2]
        assert words[3] == "", "without a score, but not without a field"
        assert [pane.worth.object for pane in bench.tab.panes.panes][::3] == [
            "✕ diverged, no score",
            "✕ too few peaks, no score",
        ]
        assert [pane.plot is None for pane in bench.tab.panes.panes] == [True, True, True, False]

    follow(check)


def test_a_title_selects_its_run_and_a_cross_takes_it_out(follow):
    async def check(bench):
        names = [bench.run(seed)[0] for seed in range(2)]
        for name in names:
            bench.compared.toggle(name)
        await bench.drawn(2)
        bench.tab.panes.panes[1].name_button.clicks += 1
        assert bench.selection.run == names[1]
        assert not bench.selection.follow
        bench.tab.panes.panes[0].remove.clicks += 1
        assert bench.compared.runs == (names[1],)
        await bench.drawn(1)
        assert bench.tab.panes.panes[0].name_button.label == names[1][:8]

    follow(check)


def test_a_pane_comes_with_its_names(follow):
    async def check(bench):
        names = [bench.run(seed)[0] for seed in range(2)]
        found = {}

        def look(event):
            for pane in bench.tab.panes.panes[: len(event.new)]:
                found.setdefault(pane, (pane.name_button.label, pane.remove.description))

        bench.tab.panes._row.param.watch(look, "objects")
        for name in names:
            bench.compared.toggle(name)
        await bench.drawn(2)
        short = [name[:8] for name in names]
        assert list(found.values()) == [
            (name, f"Take run {name} out of the comparison") for name in short
        ]

    follow(check)


def test_nothing_marked_is_said_and_nothing_is_asked_for_twice(follow):
    async def check(bench):
        assert "tick up to 4 runs" in bench.tab.said.object
        assert not bench.tab._body.visible
        bench.compared.toggle(bench.run(1)[0])
        await bench.drawn(1)
        asked = bench.tab._asked
        bench.tab.snapshot = Snapshot(sequence=bench.sequence, taken=9.0)
        assert bench.tab._asked is asked
        bench.tab.close()
        bench.compared.clear()
        assert bench.tab._asked is asked, "a closed tab follows nothing"

    follow(check)


def test_one_bar_is_shown_for_all_and_one_each_where_limits_differ(follow):
    async def check(bench):
        for seed in range(2):
            bench.compared.toggle(bench.run(seed)[0])
        await bench.drawn(2)

        def bars():
            return [figure.right[0].visible for figure in bench.figures()]

        assert bars() == [False, False]
        bench.tab.look.own_limits.value = True
        assert bars() == [True, True]
        assert all(isinstance(bench.mapper(f), LinearColorMapper) for f in bench.figures())

    follow(check)


def test_a_look_and_a_window_that_a_link_names_are_there_at_once_and_followed(follow):
    view = CompareView(Pane("g_tt"), Look("coolwarm", "linear"), own=True)

    async def check(bench):
        runs = [bench.run(seed)[0] for seed in range(2)]
        for name in runs:
            bench.compared.toggle(name)
        await bench.drawn(2)
        assert bench.compared.window == ((2.0, 4.0), (5.0, 15.75)), "as far as the domain reaches"
        for figure in bench.figures():
            assert (figure.x_range.start, figure.x_range.end) == (2.0, 4.0)
            assert figure.title.text == FIELDS["g_tt"].meaning
            assert bench.mapper(figure).palette[0] == MAPS["diverging"]["coolwarm"][0]
        assert bench.compared.view == view
        linked = bench.tab.panes.links[16.0]
        linked._ranges.event(x_range=(3.0, 3.5), y_range=(5.0, 6.0))
        assert bench.compared.window == ((3.0, 3.5), (5.0, 6.0))
        bench.tab.look.field.value = "rho"
        assert bench.compared.view == CompareView(own=True)
        await bench.until(lambda: bench.tab._ready is not None)
        linked._ranges.event(x_range=(-0.25, 15.75), y_range=(-0.25, 15.75))
        assert bench.compared.window is None, "the whole needs no words"

    follow(check, view=view, window=((2.0, 4.0), (5.0, 99.0)))


def test_a_hidden_tab_paints_nothing_and_is_right_when_it_is_shown(follow, monkeypatch):
    painted = []

    def counting(wanted, *arguments, **more):
        painted.append(wanted.runs)
        return paint_runs(wanted, *arguments, **more)

    monkeypatch.setattr(compare_tab, "paint_runs", counting)

    async def check(bench):
        runs = [bench.run(seed)[0] for seed in range(3)]
        bench.compared.toggle(runs[0])
        await bench.drawn(1)
        bench.tab.shown = False
        painted.clear()
        for name in runs[1:]:
            bench.compared.toggle(name)
        bench.look()
        await asyncio.sleep(0.1)
        assert painted == []
        bench.tab.shown = True
        await bench.drawn(3)
        assert painted[0] == tuple(runs)

    follow(check)
