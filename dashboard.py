"""Entry for `panel serve dashboard.py`: the page of one browser session."""

from irer_panel.app import create_page
from irer_panel.server import shared_engine

create_page(shared_engine()).servable()
