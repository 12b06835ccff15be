"""The help: every figure of the page explained, and the keys; made when it is first opened."""

import html

import panel as pn

from irer_panel.help_text import SECTIONS, Entry
from irer_panel.keymap import BINDINGS, MANNERS
from irer_panel.views.drawer import Drawer
from irer_panel.views.icon_button import HELP, IconButton

_CSS = """
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

    def __init__(self) -> None:
        super().__init__()
        self.button = IconButton(self.open, label="Help (?)", drawing=HELP)
        self.drawer = Drawer(_CSS, heading="Help")

    def open(self) -> None:
        """Show the help."""
        if not self.drawer.text:
            self.drawer.text = help_html()
        self.drawer.asked += 1

    def __panel__(self) -> pn.viewable.Viewable:
        return self.drawer
