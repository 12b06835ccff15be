"""A card of the hunt's page: a heading, a "?" that explains, and a figure."""

import html

import panel as pn

from irer_panel.views.table_view import TableView

_CSS = """
:host { width: 100%; overflow: visible; }
header { display: flex; align-items: center; gap: 8px; position: relative; }
h3 { margin: 0; font-size: 16px; line-height: 24px; font-weight: 400;
  color: var(--mui-palette-text-primary); }
summary { list-style: none; cursor: pointer; width: 20px; height: 20px; border-radius: 50%;
  border: 1px solid var(--mui-palette-divider); text-align: center; font-size: 12px;
  line-height: 20px; color: var(--mui-palette-text-secondary); }
summary::-webkit-details-marker { display: none; }
summary:hover, details[open] summary { color: var(--mui-palette-primary-main);
  border-color: var(--mui-palette-primary-main); }
details p { position: absolute; z-index: 20; left: 0; right: 0; top: 28px; margin: 0;
  padding: 10px 12px; border-radius: 8px; font-size: 13px; line-height: 19px;
  color: var(--mui-palette-text-primary); background: var(--mui-palette-background-default);
  border: 1px solid var(--mui-palette-primary-main); }
details code { font-family: ui-monospace, monospace; color: var(--mui-palette-primary-main); }
"""

_PAPER = {
    "background": "var(--mui-palette-background-paper)",
    "border": "1px solid var(--mui-palette-divider)",
    "border-radius": "8px",
    "padding": "10px 14px 12px",
    "align-self": "stretch",
    "height": "auto",
    "gap": "6px",
}


def heading_html(title: str, text: str) -> str:
    """The heading with its explanation, which opens at a click or a key."""
    return (
        f"<header><h3>{html.escape(title)}</h3><details>"
        f'<summary role="button" aria-label="What {html.escape(title)} shows">?</summary>'
        f"<p>{html.escape(text)} More in <code>docs/metrics.md</code>.</p></details></header>"
    )


def card(view: TableView, *, span: int = 1) -> pn.Column:
    """A view under its heading; `span` columns wide where there are so many."""
    heading = pn.pane.HTML(
        heading_html(view.title, view.help),
        stylesheets=[_CSS],
        sizing_mode="stretch_width",
        margin=0,
        styles={"z-index": "2"},
    )
    least = 340 if span == 1 else 480
    width = {
        "flex": f"{span} 1 calc({100 * span / 3:.0f}% - 16px)",
        "min-width": f"min({least}px, 100%)",
    }
    return pn.Column(heading, view, sizing_mode="stretch_width", styles={**_PAPER, **width})
