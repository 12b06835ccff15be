"""The Spectrum tab: the selected run's spectrum, its fit to ln p, and how much that is worth."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import panel as pn
import param

from engine.errors import EngineError
from engine.hunt.engine import Engine
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, readers
from irer_panel.selection import Selection
from irer_panel.spectrum import Spectrum, fit_html, read_spectrum, summary
from irer_panel.states import eviction_words
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.null_panel import NullPanel
from irer_panel.views.section import CSS, PAPER
from irer_panel.views.spectrum_plot import SpectrumPlot, legend
from irer_panel.wording import short_id

_CSS = """
td, th { text-align: right; } td:first-child { font-weight: 600; text-align: left;
  padding-right: 8px; color: var(--mui-palette-success-main); }
tr.none td { color: var(--mui-palette-text-secondary); }
"""


_WRAPPING = {"flex-wrap": "wrap", "gap": "8px 20px", "opacity": "1"}
_STALE = {**_WRAPPING, "opacity": "0.35"}
"""Of a spectrum while that of another run is being read."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a read of a run gave: its spectrum and audit, or why there is none."""

    run: str
    spectrum: Spectrum | None = None
    provenance: Mapping[str, Any] | None = None
    problem: str = ""


def read(workspace: Workspace, run: str) -> Reading:
    """Read a run's audit and spectrum; a problem becomes words."""
    if not run:
        return Reading("")
    try:
        provenance = read_provenance(workspace.provenance_path(run))
    except EngineError:
        provenance = None
    try:
        if provenance and provenance["status"] == "diverged":
            return Reading(run, None, provenance, f"No spectrum: {provenance['error']}")
        return Reading(run, read_spectrum(workspace, run), provenance)
    except EngineError as error:
        return Reading(run, None, provenance, str(error))


def heading_html(run: str, sentences: list[str], aside: str = "") -> str:
    """The tab's title, what it has to say, and in a quieter tone what the marks mean."""
    if not run:
        return '<div class="bare"><h3>Spectrum</h3><p>No run selected.</p></div>'
    words = f"<p>{html.escape(' '.join(sentences))}</p>"
    words += f'<p class="quiet">{html.escape(aside)}</p>' if aside else ""
    whole = html.escape(run)
    return (
        f'<div class="bare" data-run="{whole}"><h3>Spectrum of <code title="{whole}">'
        f"{short_id(run)}</code></h3>{words}</div>"
    )


class SpectrumTab(HuntView):
    """Spectrum, fit and null hypotheses of the selected run, each computed off the loop."""

    def __init__(self, engine: Engine, selection: Selection, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._workspace = engine.workspace
        self._selection = selection
        self._reads: Newest[Reading] = Newest(readers, loop, self._show)
        self._plot = SpectrumPlot()
        self.nulls = NullPanel(engine.workspace, loop)
        self._heading = _html(heading_html("", []))
        self._fit = _html("", _CSS)
        self._body = pn.Row(
            pn.Column(
                pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_width", margin=0),
                styles={"flex": "3 1 480px", "min-width": "0"},
            ),
            pn.Column(self._fit, styles={"flex": "1 1 300px", "min-width": "0"}),
            sizing_mode="stretch_width",
            styles=_WRAPPING,
            visible=False,
        )
        self._asked: tuple[Any, ...] = ()
        self._watcher = selection.param.watch(self._request, "run")
        self._request()

    def close(self) -> None:
        """Follow the selection no more."""
        self._reads.close()
        self.nulls.close()
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _request(self, *_: Any) -> None:
        run = self._selection.run
        row = self.snapshot.run(run) or {}
        asked = (run, row.get("committed"), row.get("evicted"))
        if asked == self._asked:
            return
        if not self._asked or run != self._asked[0]:
            self.nulls.clear()
            self._body.styles = _STALE
            self._heading.object = heading_html(run, ["Reading its field …"])
        self._asked = asked
        self._reads.request(partial(read, self._workspace, run))

    def _show(self, reading: Reading) -> None:
        run, spectrum = reading.run, reading.spectrum
        if run != self._selection.run:
            return
        self._body.param.update(visible=spectrum is not None, styles=_WRAPPING)
        if spectrum is None:
            row = self.snapshot.run(run)
            gone = eviction_words(self.snapshot, row) if row and row["evicted"] else ""
            self._heading.object = heading_html(run, [gone or reading.problem])
            self.nulls.clear()
            return
        said = summary(spectrum, reading.provenance)
        self._heading.object = heading_html(run, said, legend(spectrum))
        self._plot.draw(spectrum)
        self._fit.object = fit_html(spectrum)
        self.nulls.look_at(run, reading.provenance)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            self._heading, self._body, self.nulls, sizing_mode="stretch_width", styles=PAPER
        )


def _html(text: str, css: str = "") -> pn.pane.HTML:
    return pn.pane.HTML(text, stylesheets=[CSS, css], sizing_mode="stretch_width", margin=0)
