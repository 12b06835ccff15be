"""The end of the hunt's log, as the engine writes it."""

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import panel as pn
import param

from irer_panel.background import Loop, Newest, readers
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import size

TAIL_BYTES = 65_536
TAIL_LINES = 300
_LEVEL = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")

_CSS = """
.log { margin: 0; padding: 10px 12px; max-height: 480px; overflow: auto; border-radius: 8px;
  font: 12px/18px ui-monospace, monospace; color: var(--mui-palette-text-primary);
  background: var(--mui-palette-background-paper); border: 1px solid var(--mui-palette-divider);
  display: flex; flex-direction: column-reverse; }
.log pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.log .WARNING { color: var(--mui-palette-warning-main); }
.log .ERROR, .log .CRITICAL { color: var(--mui-palette-error-main); }
p { margin: 8px 0; font-size: 13px; color: var(--mui-palette-text-secondary); }
"""


@dataclass(frozen=True)
class Tail:
    """The last lines of a file; `mark` tells one state of the file from another."""

    mark: tuple[int, int] = (0, 0)
    lines: tuple[str, ...] = ()
    bytes: int = 0
    problem: str = ""


def read_tail(path: Path, before: Tail) -> Tail:
    """The last lines of a log, `before` itself where nothing was added since.

    A log that is not there is empty; one that cannot be read says why.
    """
    try:
        stat = path.stat()
        mark = (stat.st_mtime_ns, stat.st_size)
        if mark == before.mark:
            return before
        with path.open("rb") as stream:
            stream.seek(max(0, stat.st_size - TAIL_BYTES))
            lines = stream.read(TAIL_BYTES).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return Tail()
    except OSError as error:
        return Tail(problem=f"{path.name}: {error.strerror or error}, expected a readable log.")
    if stat.st_size > TAIL_BYTES:
        lines = lines[1:]  # begun somewhere in the middle
    return Tail(mark, tuple(lines[-TAIL_LINES:]), stat.st_size)


def tail_html(tail: Tail, name: str) -> str:
    """The lines, warnings and errors coloured; the newest is in sight, at the bottom."""
    if tail.problem:
        return f"<p>{html.escape(tail.problem)}</p>"
    if not tail.lines:
        return "<p>The log is empty: what a hunt does appears here, line by line.</p>"
    level, written = "INFO", []
    for line in tail.lines:
        found = _LEVEL.match(line)
        level = found[1] if found else level  # a traceback belongs to the line before it
        written.append(f'<span class="{level}">{html.escape(line)}</span>')
    text = "\n".join(written)
    return (
        f'<div class="log" tabindex="0" aria-label="Log of the hunt"><pre>{text}</pre></div>'
        f"<p>The last {len(tail.lines):,} lines of logs/{html.escape(name)} "
        f"({size(tail.bytes)}).</p>"
    )


class LogView(HuntView):
    """Follows the hunt's log; it is looked at whenever the page looks at anything."""

    def __init__(self, path: Path, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._path = path
        self._reads: Newest[Tail] = Newest(readers, loop, self._show)
        self._tail = Tail((-1, -1))
        self._pane = pn.pane.HTML("", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
        self._request()

    def close(self) -> None:
        """Read no more."""
        self._reads.close()

    @param.depends("snapshot", watch=True)
    def _request(self) -> None:
        before = self._tail
        self._reads.request(lambda: read_tail(self._path, before))

    def _show(self, tail: Tail) -> None:
        if tail.mark != self._tail.mark or tail.problem != self._tail.problem:
            self._tail = tail
            self._pane.object = tail_html(tail, self._path.name)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane
