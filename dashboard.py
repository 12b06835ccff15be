"""Entry for `panel serve dashboard.py`: the page of one browser session."""

from irer_panel.server import served_page

served_page().servable()
