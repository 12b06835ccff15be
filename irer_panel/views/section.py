"""The look of what is written on a tab: paper, headings, tables of facts."""

CSS = """
:host { width: 100%; }
section { padding: 10px 14px; border: 1px solid var(--mui-palette-divider); border-radius: 8px;
  background: var(--mui-palette-background-paper); }
section, div.bare { color: var(--mui-palette-text-primary); font-size: 13px; line-height: 20px; }
h3 { margin: 0 0 6px; font-size: 16px; font-weight: 400; line-height: 24px; }
h4 { margin: 12px 0 4px; font-size: 13px; font-weight: 600; line-height: 20px; }
h3 code { font-family: ui-monospace, monospace; color: var(--mui-palette-primary-main); }
p { margin: 0 0 4px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { padding: 3px 12px 3px 0; text-align: left; vertical-align: top; font-weight: 400;
  border-top: 1px solid var(--mui-palette-divider); }
th { border: 0; color: var(--mui-palette-text-secondary); white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
.quiet { color: var(--mui-palette-text-secondary); }
.yes { color: var(--mui-palette-success-main); } .no { color: var(--mui-palette-error-main); }
"""

PAPER = {
    "background": "var(--mui-palette-background-paper)",
    "border": "1px solid var(--mui-palette-divider)",
    "border-radius": "8px",
    "padding": "10px 14px",
}
"""Styles of a column that lies on paper of its own."""
