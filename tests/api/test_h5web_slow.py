"""Slow readers of large answers, and some who have gone: the others are not kept waiting."""

import contextlib
import socket
import time

import psutil
import pytest
from api_client import Client

from benchmarks.big_field import write
from engine.store.workspace import Workspace

N = 2048
BYTES = 4 * N * N


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with a field of 16 MB, more than the system keeps on its way to a reader."""
    place = Workspace.open(tmp_path_factory.mktemp("large"))
    run = write(place.root / "simulation_data", N).stem.removeprefix("rho_history_")
    return place, run


class Asker:
    """Asks for the whole field, and takes of the answer what it is told to."""

    def __init__(self, client, run):
        host, _, port = client.host.partition(":")
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        self.socket.settimeout(120)
        self.socket.connect((host, int(port)))
        line = f"GET /h5web/{run}/data?path=/final_rho&format=bin HTTP/1.1"
        self.socket.sendall(f"{line}\r\nHost: {client.host}\r\nConnection: close\r\n\r\n".encode())

    def take(self, count):
        return self.socket.recv(count)

    def rest(self, pause=0.0):
        """How many more bytes come before the server hangs up."""
        total = 0
        with contextlib.suppress(ConnectionError):
            while piece := self.take(2**16):
                total += len(piece)
                time.sleep(pause)
        return total


@pytest.fixture
def asking(place):
    """Makes askers of a server; their connections are closed in the end."""
    made = []

    def make(client, count):
        new = [Asker(client, place[1]) for _ in range(count)]
        made.extend(new)
        return new

    yield make
    for each in made:
        each.socket.close()


def test_small_questions_are_answered_while_four_take_nothing_of_large_ones(
    place, start_server, asking
):
    client = Client(start_server(workspace=place[0].root).url)
    slow = asking(client, 4)
    begun = [each.take(100) for each in slow]  # their answers are on the way
    for end in ("meta?path=/", "attr?path=/final_rho", "data?path=/x&format=bin"):
        assert client.get(f"/h5web/{place[1]}/{end}").status == 200
    for each, head in zip(slow, begun, strict=True):
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert len(head) + each.rest() > BYTES, "it was cut off before the others were answered"


def test_who_has_gone_while_waiting_is_not_read_for(place, start_server, asking):
    server = start_server(workspace=place[0].root)
    client = Client(server.url)
    slow = asking(client, 4)
    for each in slow:
        each.take(100)
    [reader] = [
        each
        for each in psutil.Process(server.process.pid).children()
        if "spawn_main" in " ".join(each.cmdline())
    ]
    before = reader.io_counters().read_chars
    for each in asking(client, 12):
        client.get(f"/h5web/{place[1]}/meta?path=/")  # it has been asked and waits
        each.socket.close()
    client.get(f"/h5web/{place[1]}/meta?path=/")
    [last] = asking(client, 1)
    for each in slow:
        each.socket.close()
    assert last.rest() > BYTES
    assert reader.io_counters().read_chars - before < 4 * BYTES


def test_who_takes_a_little_for_ever_is_cut_off(place, start_server, asking):
    command = "tests.api.impatient_server"
    [dripping] = asking(Client(start_server(command, workspace=place[0].root).url), 1)
    assert 0 < dripping.rest(pause=0.02) < BYTES
