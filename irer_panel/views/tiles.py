"""The tiles: one look says whether the hunt lives, gets anywhere, and stays stable."""

import html
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import panel as pn
import param

from irer_panel.snapshot import Snapshot
from irer_panel.states import state_word
from irer_panel.theme import TONES
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import NONE, SYMBOLS, count, counted, duration, number, short_id

STABLE = 1e-3
"""sdg_h_norm_l2 below which a run counts as stable."""

QUIET = 5.0
"""Seconds without a sign of life after which the tile says so."""

_CSS = """
:host { width: 100%; }
:host { container-type: inline-size; }
.tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 8px; }
@container (max-width: 940px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
.tile { padding: 8px 12px 9px; border-radius: 8px; min-width: 0; min-height: 66px;
  background: var(--mui-palette-background-paper);
  border: 1px solid var(--mui-palette-divider); border-left: 3px solid var(--tone); }
.name { font-size: 12px; line-height: 16px; color: var(--mui-palette-text-secondary); }
.value { font-size: 20px; line-height: 28px; font-weight: 500; white-space: nowrap;
  overflow: hidden; text-overflow: ellipsis; font-variant-numeric: tabular-nums;
  color: var(--mui-palette-text-primary); }
.value.text { font-size: 13px; line-height: 17px; padding-top: 1px; white-space: normal;
  font-weight: 400; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.detail { font-size: 12px; line-height: 16px; color: var(--mui-palette-text-secondary);
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.detail + .detail { white-space: normal; }
"""


@dataclass(frozen=True)
class Tile:
    """One figure: its key, name, value, lines below, what it means, and a tone."""

    key: str
    name: str
    value: str
    detail: str
    meaning: str
    tone: str = "default"
    text: bool = False
    more: str = ""


def tiles(snapshot: Snapshot) -> list[Tile]:
    """The tiles of the shown hunt, in reading order."""
    status, word = snapshot.shown, state_word(snapshot)
    best = status.best or {}
    failed = sum(status.failures.values())
    kinds = ", ".join(
        f"{count(n)} {kind.replace('_', ' ')}" for kind, n in status.failures.items() if n
    )
    return [
        Tile(
            "status",
            "Hunt status",
            word.word,
            _since(snapshot),
            "State of the hunt, and since when.",
            word.tone,
        ),
        Tile(
            "event",
            "Last event",
            status.last_event or NONE,
            "",
            "The last thing that happened in the hunt.",
            text=True,
        ),
        Tile(
            "sse",
            "Last SSE",
            number(status.last_sse),
            _odds(status.last_p, status.last_n_peaks),
            "log_prime_sse of the last run: squared distance of its spectral peaks from the "
            "scaled logarithms of primes. p: the larger of its two null p-values.",
            "success",
        ),
        Tile(
            "h_norm",
            "Last H-norm",
            number(status.last_h_norm),
            _stability(status.last_h_norm),
            "sdg_h_norm_l2 of the last run: RMS residual of the gravity constraint.",
            "warning",
        ),
        Tile(
            "fitness",
            "Best fitness",
            number(best.get("fitness")),
            _whose(best) if best else ("no run has a score" if status.runs_done else ""),
            f"Fitness of the best run so far. Whole id: {best.get('config_hash', NONE)}",
            "primary",
            more=_keys(best.get("params") or {}),
        ),
        Tile(
            "failures",
            "Failures",
            count(failed) if status.runs_done else NONE,
            _of(status.runs_done),
            "Runs without a score, by class of failure; a failure never becomes a number.",
            "error" if failed else "default",
            more=kinds,
        ),
    ]


def tiles_html(snapshot: Snapshot) -> str:
    """The tiles as HTML."""
    return f'<div class="tiles">{"".join(_tile_html(tile) for tile in tiles(snapshot))}</div>'


class Tiles(HuntView):
    """The figures of the shown hunt."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._pane = pn.pane.HTML("", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        self._pane.object = tiles_html(self.snapshot)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def _tile_html(tile: Tile) -> str:
    value, detail = html.escape(tile.value), html.escape(tile.detail)
    kind = "value text" if tile.text else "value"
    more = f'<div class="detail">{html.escape(tile.more)}</div>' if tile.more else ""
    hint = f"{tile.value}\n{tile.meaning}" if tile.text else tile.meaning  # text may be cut
    return (
        f'<div class="tile" data-tile="{tile.key}" style="--tone:{TONES[tile.tone]}" '
        f'title="{html.escape(hint)}"><div class="name">{tile.name}</div>'
        f'<div class="{kind}">{value}</div><div class="detail">{detail}</div>{more}</div>'
    )


def _keys(params: Mapping[str, Any]) -> str:
    """The searched keys and their values, those of old by their letters: "κ 0.043 σ 0.41"."""
    # A no-break space within each, an en space between them.
    words = (f"{SYMBOLS.get(key, key)}\u00a0{number(value)}" for key, value in params.items())
    return "\u2002".join(words)


def _whose(best: Mapping[str, Any]) -> str:
    return f"gen {best['generation']} · run {short_id(best['config_hash'])}"


def _of(done: int) -> str:
    return f"of {counted(done, 'run')}" if done else ""


def _since(snapshot: Snapshot) -> str:
    status = snapshot.shown
    if snapshot.elsewhere:
        return " · ".join(filter(None, [snapshot.elsewhere, status.stage]))
    if status.state == "paused":
        return f"for {duration(max(0.0, snapshot.taken - status.since))}"
    if status.active:
        stage = status.stage or status.state
        silence = time.time() - status.heartbeat
        return stage if silence < QUIET else f"{stage} · silent for {duration(silence)}"
    if status.state == "idle":
        return "press Start"
    return f"hunt {status.hunt_id}"


def _odds(p: float | None, peaks: int | None) -> str:
    words = [f"p {number(p)}"] if p is not None else []
    if peaks is not None:
        words.append(counted(peaks, "peak"))
    return " · ".join(words)


def _stability(h_norm: float | None) -> str:
    if h_norm is None:
        return ""
    return f"✓ below {number(STABLE)}" if h_norm < STABLE else f"above {number(STABLE)}"
