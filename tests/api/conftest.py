"""A real server with a hunt's runs behind it."""

import pytest
from api_client import SMALL, Client

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace


@pytest.fixture(scope="package")
def hunted(tmp_path_factory):
    """A workspace with a hunt of six runs."""
    workspace = Workspace.open(tmp_path_factory.mktemp("hunted"))
    engine = Engine(workspace)
    engine.start_hunt(HuntSettings.from_mapping(SMALL))
    engine.wait()
    engine.close()
    return workspace


@pytest.fixture(scope="module")
def client(start_server, hunted):
    """A server on that workspace, which nothing in these tests changes."""
    return Client(start_server(workspace=hunted.root).url)


@pytest.fixture(scope="package")
def rows(hunted):
    """Its rows, in order of commit."""
    return LedgerReader(hunted.ledger_path).runs()
