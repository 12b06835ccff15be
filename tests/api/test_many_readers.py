"""As many readers of the events as are promised, and no more than there are descriptors for."""

import contextlib
import resource
import socket

import psutil
import pytest
from api_client import Client

from irer_panel.api.limits import DESCRIPTORS, LISTENERS

USUAL = 1024


@contextlib.contextmanager
def limited(soft):
    """So many descriptors for what is started in the block, as a usual shell gives."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@contextlib.contextmanager
def listening(client, count):
    """So many readers that have each had their snapshot."""
    host, _, port = client.host.partition(":")
    with contextlib.ExitStack() as stack:
        readers = []
        for _ in range(count):
            reader = stack.enter_context(socket.create_connection((host, int(port)), 60))
            reader.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            readers.append(reader)
        for reader in readers:
            said = b""
            while b"event: snapshot" not in said:
                more = reader.recv(65_536)
                assert more, said
                said += more
            assert said.startswith(b"HTTP/1.1 200")
        yield


@pytest.fixture
def served(start_server):
    with limited(USUAL) as hard:
        server = start_server()
    if hard < 4 * LISTENERS:
        pytest.skip(f"{hard} descriptors are all that a process can have here")
    return server


def test_a_usual_limit_is_raised_so_that_all_readers_find_room(served):
    process, client = psutil.Process(served.process.pid), Client(served.url)
    soft, hard = process.rlimit(psutil.RLIMIT_NOFILE)
    assert soft == min(hard, DESCRIPTORS)
    with listening(client, LISTENERS):
        assert client.get("/api/get-constants").status == 200
        refused = client.get("/api/events")
        assert (refused.status, refused.headers["retry-after"]) == (503, "30")
        assert f"{LISTENERS} readers" in refused.json["detail"]


def test_where_it_cannot_be_raised_readers_leave_half_of_it_to_all_else(served):
    process, client = psutil.Process(served.process.pid), Client(served.url)
    process.rlimit(psutil.RLIMIT_NOFILE, (200, process.rlimit(psutil.RLIMIT_NOFILE)[1]))
    with listening(client, 100):
        refused = client.get("/api/events")
        assert (refused.status, "100 readers" in refused.json["detail"]) == (503, True)
        assert client.get("/api/runs").status == 200
