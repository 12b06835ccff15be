"""The process that reads for H5Web hangs or dies, and the server goes on."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from api_client import Client


@pytest.fixture(scope="module")
def server(start_server, hunted):
    return start_server(workspace=hunted.root)


@pytest.fixture
def client(server):
    return Client(server.url)


@pytest.fixture
def question(client, rows):
    """Asks something, with its answer; the reader runs once it is there."""

    def ask():
        return client.get(f"/h5web/{rows[0]['config_hash']}/meta?path=/")

    assert ask().status == 200
    return ask


def reader_of(server):
    [found] = [
        each
        for each in psutil.Process(server.process.pid).children()
        if "spawn_main" in " ".join(each.cmdline())
    ]
    return found


def test_the_server_answers_while_a_file_is_read(server, client, question):
    reader = reader_of(server)
    reader.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(question)
            for _ in range(20):
                assert client.get("/api/get-status").status == 200
                assert client.get("/api/runs").status == 200
            assert not asked.done()
            reader.send_signal(signal.SIGCONT)
            assert asked.result(60).status == 200
    finally:
        reader.send_signal(signal.SIGCONT)


def test_a_file_is_closed_soon_after_the_last_question(server, question, hunted):
    """So that one that is evicted gives its space back."""
    assert question().status == 200
    reader, folder = reader_of(server), str(hunted.root.resolve())

    def held():
        return [each.path for each in reader.open_files() if each.path.startswith(folder)]

    assert held()
    until = time.monotonic() + 60
    while held():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert question().status == 200


def test_one_that_was_killed_is_replaced(server, question):
    first = reader_of(server)
    first.kill()
    until = time.monotonic() + 30
    threads = Path(f"/proc/{first.pid}/task")
    # Dead with all its threads, and nobody has noticed yet.
    while first.status() != psutil.STATUS_ZOMBIE or len(list(threads.iterdir())) > 1:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert question().status == 200
    assert reader_of(server).pid != first.pid


def test_one_that_dies_of_a_question_says_so_and_is_replaced(server, question):
    first = reader_of(server)
    first.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(question)
        client = Client(server.url)
        for _ in range(20):  # it has been asked by then
            client.get("/api/get-status")
        first.kill()
        answer = asked.result(60)
    assert (answer.status, "crashed HDF5" in answer.json["message"]) == (404, True)
    assert question().status == 200


def test_it_ends_with_the_server(server, question):
    reader = reader_of(server)
    server.process.kill()
    server.process.wait(30)
    reader.wait(30)
