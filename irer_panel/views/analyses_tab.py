"""The Analyses tab: a component, what it lets one set, and what it made of the run or hunt."""

import html
import itertools
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.layouts import column

from engine.errors import SettingsError
from engine.hunt.engine import Engine
from engine.layer2.discovery import Component
from engine.layer2.manifest import HUNT
from engine.layer2.trust import trust_command
from irer_panel.analyses import (
    MOST_DOWNLOAD,
    Analysis,
    Made,
    Offers,
    analyst_of,
    read_analysis,
    read_offers,
)
from irer_panel.analyses_html import numbers_of, output_html, report_html
from irer_panel.background import Loop, Newest, readers
from irer_panel.chart import ACCENT, BAD, CALM, GOOD, PLAIN, chart
from irer_panel.choices import COMPONENT, Choices
from irer_panel.selection import Selection
from irer_panel.views.download import download
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.section import CSS, PAPER
from irer_panel.views.tunable_fields import TunableFields
from irer_panel.wording import counted, duration, short_id

_CSS = """
img { max-width: 100%; display: block; border-radius: 6px; }
img.small { width: 256px; image-rendering: pixelated; }
pre { margin: 4px 0; max-height: 120px; overflow: auto; white-space: pre-wrap; font-size: 12px; }
div.table { max-height: 320px; overflow: auto; border: 1px solid var(--mui-palette-divider);
  border-radius: 6px; }
code { overflow-wrap: anywhere; font-size: 12px; }
"""
_SEVERAL = 180
"""Height in pixels of each of several figures, one below the other."""

_COLOURS = (ACCENT, CALM, GOOD, BAD, PLAIN)
_SELECT_SX = {"& .MuiInputBase-root": {"height": "40px"}}


class AnalysesTab(HuntView):
    """Runs components on the selected run or the shown hunt, and shows their newest outputs."""

    def __init__(
        self,
        engine: Engine,
        selection: Selection,
        loop: Loop,
        choices: Choices | None = None,
        **params: Any,
    ) -> None:
        """A view of what components make.

        Args:
            engine: whose workspace.
            selection: the run they work on.
            loop: of the page.
            choices: of the page, hence which component it begins with; None for one of its own.
            params: of `HuntView`.
        """
        super().__init__(**params)
        self._choices = choices or Choices()
        self._workspace, self._selection, self._loop = engine.workspace, selection, loop
        self._analyst = analyst_of(engine)
        self._offers = Offers((), frozenset(), ())
        self._analysis: Analysis | None = None
        self._asked: tuple[Any, ...] = ()
        self._gone = ""
        self._offered_at = self.snapshot.stamps.components
        self.fields = TunableFields(())
        self.component = pmui.Select(
            label="Component", options={}, size="small", width=300, margin=0, sx=_SELECT_SX
        )
        self.run = pmui.Button(
            label="Analyze", icon="biotech", variant="outlined", size="small", margin=0,
            disabled=True, on_click=lambda _: self._take(),
        )  # fmt: skip
        self._words, self._report, self._broken = _pane(), _pane(), _pane()
        self._controls = pn.Column(sizing_mode="stretch_width")
        self._outputs = pn.Column(sizing_mode="stretch_width", styles={"gap": "8px"})
        self._offered: Newest[Offers] = Newest(readers, loop, self._offer)
        self._reads: Newest[Analysis] = Newest(readers, loop, self._show)
        self.component.param.watch(self._choose, "value")
        self._watcher = selection.param.watch(self._update, "run")
        self._offered.request(partial(read_offers, self._workspace))

    def close(self) -> None:
        """Follow the selection no more."""
        self._offered.close()
        self._reads.close()
        self._selection.param.unwatch(self._watcher)

    @property
    def chosen(self) -> Component | None:
        """The component that the menu names."""
        named = (each for each in self._offers.components if each.name == self.component.value)
        return next(named, None)

    @property
    def subject(self) -> str:
        """Id of the run or hunt that the chosen component would work on; empty for none."""
        if self.chosen is None:
            return ""
        if self.chosen.manifest.subject == HUNT:
            return self.snapshot.shown.hunt_id or ""
        return self._selection.run

    def refusal(self) -> str:
        """Why nothing can be analyzed now; empty where it can."""
        component, task = self.chosen, self._analyst.task
        if component is None:
            return "There is no component to run; docs/components.md says how to write one."
        if self.snapshot.follows:
            return "This dashboard only follows: it writes nothing. Analyze where the hunt runs."
        if component.name in self._offers.untrusted:
            return (
                f"{component.name} is not trusted: its code would run with the server's rights. "
                f"Read {component.folder}, then `{trust_command(self._workspace, component)}`."
            )
        if not self.subject:
            return f"There is no {component.manifest.subject} yet."
        if task.component:
            so_far = duration(max(0.0, self.snapshot.taken - task.began))
            name = {each.name: each.manifest.name for each in self._offers.components}.get(
                task.component, task.component
            )
            return f"{name} is at work on {short_id(task.subject)}, {so_far} so far. One at a time."
        return ""

    def _offer(self, offers: Offers) -> None:
        before, self._offers = self.chosen, offers
        names = _labels(offers.components)
        usual = next(iter(names.values()), None)
        value = self.component.value or self._choices.words.get(COMPONENT, usual)
        if value not in names.values():
            self._gone, value = value or "", usual
        elif self._gone in names.values():
            self._gone = ""
        broken = list(offers.broken)
        if self._gone:
            known = ", ".join(names.values()) or "none yet"
            broken.insert(0, f"{COMPONENT}: got {self._gone!r}, expected one of {known}.")
        self._broken.object = "".join(
            f'<p><b class="no">✗</b> {html.escape(text)}</p>' for text in broken
        )
        kept = self.component.value
        # The fields are made when the value changes, which is None before there are options.
        self.component.param.update(options=names, value=value)
        if value == kept and before is not None and self.chosen != before:
            self._choose()  # its manifest was rewritten
        self._update()

    def _choose(self, *_: Any) -> None:
        if self._offers.components:
            usual = self._offers.components[0].name
            self._choices.note(COMPONENT, self.component.value, str, usual)
        self._loop.aside(self._make_fields, self._update)

    def _make_fields(self) -> None:
        self.fields = TunableFields(self.chosen.manifest.tunables if self.chosen else ())
        self._controls[:] = [self.fields.row]

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        component, subject, stamps = self.chosen, self.subject, self.snapshot.stamps
        if stamps.components != self._offered_at:
            self._offered_at = stamps.components
            self._offered.request(partial(read_offers, self._workspace))
        why = self.refusal()
        self.run.disabled = bool(why)
        about = component.manifest.description if component else ""
        of = (
            f"On {component.manifest.subject} {short_id(subject)}." if component and subject else ""
        )
        problem = self._problem()
        told = why or " ".join(filter(None, [of, self._found()]))
        words = f"<p>{html.escape(about)}</p>" + f'<p class="quiet">{html.escape(told)}</p>'
        if problem:
            words += f'<p data-analysis="problem"><b class="no">✗</b> {html.escape(problem)}</p>'
        words = f'<div class="bare">{words}</div>'
        if words != self._words.object:
            self._words.object = words
        name = component.name if component else ""
        asked = (name, subject, self._analyst.finished, stamps.reports)
        if name and asked != self._asked:
            self._asked, before = asked, self._analysis
            self._reads.request(partial(read_analysis, self._workspace, name, subject, before))

    def _found(self) -> str:
        """What lies below, and whether it is this code's; empty where nothing does."""
        shown, component = self._analysis, self.chosen
        if component is None or shown is None or shown.report is None:
            return ""
        if (shown.component, shown.subject) != (component.name, self.subject):
            return ""
        report = shown.report
        when = str(report["started"])[:19].replace("T", " ")
        made = "a failure" if report["status"] != "ok" else counted(len(shown.outputs), "output")
        now = self._offers.code.get(component.name)
        other = "" if report["code_sha256"] == now else ", by other code than it has now"
        return f"Below: {made} of {when} UTC, {report['duration_s']:.1f} s{other}."

    def _problem(self) -> str:
        """Why it last failed; empty where it did not, or where somebody had success since."""
        if self.chosen is None:
            return ""
        problem, shown = self._analyst.problem(self.chosen.name, self.subject), self._analysis
        if shown and (shown.component, shown.subject) == (self.chosen.name, self.subject):
            report = shown.report or {}
            if report.get("status") == "ok" and str(report.get("started", "")) > problem.at:
                return ""
        return problem.words

    def _take(self) -> None:
        if self.chosen is None or self.refusal():
            return
        try:
            values = self.fields.values()
        except SettingsError:
            return  # its field says what is wrong
        self._analyst.take(self.chosen.name, self.subject, values)
        self._update()

    def _show(self, analysis: Analysis) -> None:
        component = self.chosen
        if analysis is self._analysis:
            return
        if component and (analysis.component, analysis.subject) == (component.name, self.subject):
            self._analysis = analysis
            self._update()
            self._loop.aside(partial(self._draw, analysis), lambda: None)

    def _draw(self, analysis: Analysis) -> None:
        problem = f'<p class="no">{html.escape(analysis.problem)}</p>' if analysis.problem else ""
        self._report.object = f'<div class="bare">{report_html(analysis)}{problem}</div>'
        promised = self.chosen.manifest.outputs if self.chosen else ()
        about = {each.name: each.description for each in promised}
        self._outputs[:] = [_shown(made, about.get(made.name, "")) for made in analysis.outputs]

    def __panel__(self) -> pn.viewable.Viewable:
        row = pn.Row(self.component, self.run, margin=0,
                     styles={"gap": "12px", "align-items": "center"})  # fmt: skip
        top = pn.Column(
            row, self._words, self._controls, sizing_mode="stretch_width",
            styles={**PAPER, "gap": "8px"},
        )  # fmt: skip
        return pn.Column(
            top, self._report, self._outputs, self._broken, sizing_mode="stretch_width",
            styles={"gap": "12px"},
        )  # fmt: skip


def _labels(components: Sequence[Component]) -> dict[str, str]:
    """Names by what the menu calls them; those that call themselves alike are told apart."""
    calls = Counter(each.manifest.name for each in components)
    return {
        each.manifest.name if calls[each.manifest.name] == 1
        else f"{each.manifest.name} ({each.name})": each.name
        for each in components
    }  # fmt: skip


def _pane(text: str = "") -> pn.pane.HTML:
    return pn.pane.HTML(text, stylesheets=[CSS, _CSS], sizing_mode="stretch_width", margin=0)


def _shown(made: Made, about: str) -> pn.viewable.Viewable:
    words = f'<div class="bare">{output_html(made, about)}</div>'
    parts: list[pn.viewable.Viewable] = [_pane(words)]
    if (figure := _figure(made)) is not None:
        parts.append(pn.pane.Bokeh(figure, margin=0))
    if made.size <= MOST_DOWNLOAD:
        name = made.path.name
        parts.append(download(made.path.read_bytes, name, label=f"Download {name}"))
    return pn.Column(*parts, sizing_mode="stretch_width", styles={**PAPER, "gap": "8px"})


def _figure(made: Made) -> Any:
    """The columns of numbers of a CSV over the first of them, each in a figure of its own.

    None where there are not two.
    """
    if made.type != "path:csv" or not made.content:
        return None
    columns = numbers_of(made.content.rows)
    names = list(columns)
    if len(names) < 2 or len(columns[names[0]]) < 2:
        return None
    along = columns[names[0]]
    figures: list[Any] = []
    joined = all(a < b for a, b in itertools.pairwise(along))
    for name, colour in zip(names[1:], _COLOURS, strict=False):
        fig = chart(names[0], name)
        fig.scatter(along, columns[name], size=5, color=colour, alpha=0.8)
        if joined:
            fig.line(along, columns[name], color=colour, alpha=0.8)
        if len(names) > 2:
            fig.height = _SEVERAL
        if figures:
            fig.x_range = figures[0].x_range
        figures.append(fig)
    return column(*figures, sizing_mode="stretch_width")
