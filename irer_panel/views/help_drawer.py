"""The help: every figure of the page explained, and the keys; made when it is first opened."""

import html
from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui

from irer_panel.background import Loop
from irer_panel.help_text import SECTIONS, Entry
from irer_panel.keymap import BINDINGS, MANNERS
from irer_panel.views.icon_button import CLOSE, HELP, IconButton

WIDTH = 520
"""Of the drawer, in pixels."""

_CSS = """
:host { width: 100%; }
article { font-size: 14px; line-height: 21px; color: var(--mui-palette-text-primary); }
h3 { margin: 22px 0 8px; padding-top: 10px; font-size: 13px; line-height: 18px; font-weight: 600;
  letter-spacing: .04em; color: var(--mui-palette-primary-main);
  border-top: 1px solid var(--mui-palette-divider); }
h3:first-child { margin-top: 0; border: 0; padding-top: 0; }
h4 { margin: 12px 0 2px; font-size: 14px; font-weight: 600; }
p { margin: 0 0 2px; }
p.quiet { font-size: 13px; color: var(--mui-palette-text-secondary); }
code, kbd { font-family: ui-monospace, monospace; font-size: 13px; }
table { border-collapse: collapse; width: 100%; }
td { padding: 5px 14px 5px 0; border-top: 1px solid var(--mui-palette-divider); }
td:first-child { white-space: nowrap; width: 1%; }
"""


def entry_html(entry: Entry) -> str:
    """One figure: what it shows, its units, where to read on."""
    where = f"<code>{html.escape(entry.page)}</code>, {html.escape(entry.heading)}"
    return (
        f'<section data-entry="{html.escape(entry.title)}"><h4>{html.escape(entry.title)}</h4>'
        f"<p>{html.escape(entry.text)}</p>"
        f'<p class="quiet">{html.escape(entry.units)} More: {where}.</p></section>'
    )


def help_html() -> str:
    """All of it, in the order of the page."""
    parts = [
        f"<h3>{html.escape(title)}</h3>{''.join(map(entry_html, entries))}"
        for title, entries in SECTIONS.items()
    ]
    rows = "".join(
        f"<tr><td><kbd>{html.escape(each.shown)}</kbd></td><td>{html.escape(each.words)}</td></tr>"
        for each in BINDINGS
    )
    keys = f"<h3>Keys</h3><table>{rows}</table><p class=quiet>{html.escape(MANNERS)}</p>"
    return f"<article>{''.join(parts)}{keys}</article>"


class Help(pn.viewable.Viewer):
    """The drawer; `button` opens it."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop
        self.button = IconButton(self.open, label="Help (?)", drawing=HELP)
        self.drawer: pmui.Drawer | None = None
        self._place = pn.Column(styles={"position": "absolute"}, width=0, height=0, margin=0)

    def open(self) -> None:
        """Show the help."""
        if self.drawer is None:
            self.drawer = _drawer(self.close)
            self._place.append(self.drawer)
        drawer = self.drawer
        self._loop.soon(lambda: drawer.param.update(open=True))

    def close(self) -> None:
        """Hide it; it stays made."""
        if self.drawer is not None:
            self.drawer.open = False

    def __panel__(self) -> pn.viewable.Viewable:
        return self._place


def _drawer(close: Callable[[], None]) -> pmui.Drawer:
    head = pn.Row(
        pmui.Typography("Help", variant="h6", margin=0),
        IconButton(close, label="Close help (Esc)", drawing=CLOSE),
        sizing_mode="stretch_width",
        styles={"justify-content": "space-between", "align-items": "center"},
    )
    text = pn.pane.HTML(help_html(), stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
    inside = pn.Column(head, text, styles={"padding": "16px 24px 32px", "gap": "12px"})
    return pmui.Drawer(inside, anchor="right", size=WIDTH, sx={"maxWidth": "100%"})
