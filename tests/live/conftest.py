import pytest
from redis_process import RedisProcess

from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader


@pytest.fixture
def server(tmp_path):
    """A redis-server that answers and forgets all when it is killed."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisProcess(folder)
    yield server.start()
    server.kill()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "simulation_ledger.sqlite"


@pytest.fixture
def ledger(path):
    with Ledger(path) as ledger:
        yield ledger


@pytest.fixture
def reader(path):
    return LedgerReader(path)
