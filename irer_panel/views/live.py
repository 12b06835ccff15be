"""What is computed just now: a picture of it, and whether it moves."""

import base64
import html
import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
import param
import psutil
from bokeh.palettes import Viridis256
from PIL import Image

from engine.hunt.engine import Engine
from engine.live.status import LivePicture
from irer_panel.background import Loop, Newest, readers
from irer_panel.snapshot import Snapshot
from irer_panel.states import link_words
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import NONE, duration, number, rate, short_id, size

_COLOURS = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in Viridis256], np.uint8)

_CSS = """
.live { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: flex-start; }
img, .none { width: 256px; height: 256px; border-radius: 8px; image-rendering: pixelated;
  border: 1px solid var(--mui-palette-divider); }
.none { display: flex; align-items: center; justify-content: center; text-align: center;
  box-sizing: border-box; padding: 24px; background: var(--mui-palette-background-paper); }
figure { margin: 0; } figcaption, .none { font-size: 13px;
  color: var(--mui-palette-text-secondary); } figcaption { margin-top: 6px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 24px; margin: 0;
  font-size: 14px; flex: 1 1 320px; }
dt { color: var(--mui-palette-text-secondary); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.late { color: var(--mui-palette-warning-main); }
"""

QUIET = 5.0
"""Seconds without a sign of life after which the age of the last one stands out."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What one look at the computation saw."""

    picture: LivePicture | None = None
    png: str = ""
    memory: int = 0


def png_of(rho: np.ndarray) -> str:
    """A field as a PNG in base64: viridis from its smallest to its largest finite cell, y up."""
    finite = np.isfinite(rho)
    low, high = (rho[finite].min(), rho[finite].max()) if finite.any() else (0.0, 1.0)
    scaled = np.where(finite, (rho - low) / max(float(high - low), 1e-12), 0.0)
    pixels = _COLOURS[np.clip(scaled * 255, 0, 255).astype(np.uint8)][::-1]
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def memory_in_use() -> int:
    """Bytes that this process and those that it started hold in memory."""
    ours, total = psutil.Process(), 0
    for process in (ours, *ours.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def look_closely(engine: Engine, before: Sight) -> Sight:
    """The newest picture, drawn unless `before` has it, and the memory in use."""
    picture = engine.picture() if engine.status().active else None
    same = picture is not None and picture is before.picture
    png = before.png if same else png_of(picture.rho) if picture is not None else ""
    return Sight(picture, png, memory_in_use())


def live_html(snapshot: Snapshot, sight: Sight, now: float) -> str:
    """The picture and the facts beside it."""
    status = snapshot.shown
    if sight.picture is not None:
        run = sight.picture.run
        drawn = (
            f'<figure><img src="data:image/png;base64,{sight.png}" alt="ρ of run {short_id(run)} '
            f'while it is computed"><figcaption>ρ of run <code title="{run}">{short_id(run)}</code>'
            f" as it is computed, {duration(max(0.0, now - sight.picture.taken))} ago, at most "
            "64 × 64 cells</figcaption></figure>"
        )
    else:
        words = "Waiting for the first picture …" if status.active else "Nothing is computed now."
        if snapshot.elsewhere and status.active:
            words = "It is computed in another process: its picture is shown there."
        drawn = f'<div class="none">{words}</div>'
    facts = _facts(snapshot, sight, now)
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return f'<div class="live">{drawn}<dl>{rows}</dl></div>'


def _facts(snapshot: Snapshot, sight: Sight, now: float) -> list[tuple[str, str]]:
    status = snapshot.shown
    age = max(0.0, now - status.heartbeat) if status.active and status.heartbeat else None
    late = age is not None and age > QUIET
    sign = f'<span class="late">▲ {duration(age)} ago</span>' if late else f"{duration(age)} ago"
    link = [("Redis", html.escape(link_words(snapshot)))] if snapshot.link else []
    return [
        ("Stage", html.escape(status.stage or status.state)),
        ("Last sign of life", sign if age is not None else NONE),
        ("Stall", html.escape(status.stalled) or ("none" if status.active else NONE)),
        ("Under way", f"work of {number(status.under_way, 2)} runs" if status.active else NONE),
        ("Speed", rate(status.rate)),
        ("Device", html.escape(status.device) or NONE),
        ("Memory", f"{size(sight.memory)}, of this process and its auditors"),
        ("Workspace", size(snapshot.room.held) if snapshot.room else NONE),
        *link,
    ]


class LiveView(HuntView):
    """Follows the computation."""

    def __init__(self, engine: Engine, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._engine = engine
        self._looks: Newest[Sight] = Newest(readers, loop, self._show)
        self._sight = Sight()
        self._pane = pn.pane.HTML("", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
        self._request()

    def close(self) -> None:
        """Look no more."""
        self._looks.close()

    @param.depends("snapshot", watch=True)
    def _request(self) -> None:
        before = self._sight
        self._looks.request(lambda: look_closely(self._engine, before))

    def _show(self, sight: Sight) -> None:
        self._sight = sight
        self._pane.object = live_html(self.snapshot, sight, time.time())

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane
