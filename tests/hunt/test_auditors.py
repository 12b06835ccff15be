"""The pool of auditors survives the deaths of its workers, and never waits for one in vain."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import pytest
from threadpoolctl import threadpool_info

from engine.hunt import auditors as module
from engine.hunt.auditors import Auditors
from engine.settings import RunConfig
from engine.store.workspace import Workspace


def workers(others):
    """The processes of the pool, and not what an earlier test left to end."""
    return [child for child in multiprocessing.active_children() if child not in others]


def closed_soon(auditors, others):
    closing = threading.Thread(target=auditors.close, daemon=True)
    closing.start()
    closing.join(20)
    assert not closing.is_alive(), "the pool waits for a worker that nobody told to end"
    until = time.monotonic() + 20
    while workers(others):
        assert time.monotonic() < until, "a worker of a broken pool lives on"
        time.sleep(0.01)


# Of Python's own thread, which reads the table of workers while one is being launched.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_is_launched_while_the_pool_breaks_is_not_waited_for(tmp_path):
    """Its audit ends, one way or the other, and so does the pool."""
    run = (str(Workspace.open(tmp_path).root), RunConfig().config_hash, 19)
    others = multiprocessing.active_children()
    for _ in range(10):
        auditors = Auditors(2)
        first = auditors.submit(*run)
        [victim] = workers(others)
        victim.kill()
        futures = [first, *(auditors.submit(*run) for _ in range(3))]
        for future in futures:
            with contextlib.suppress(BrokenProcessPool):
                assert future.result(60)["status"] == "artifact_missing"
        closed_soon(auditors, others)


def test_a_worker_hears_no_interrupt_from_its_birth_on(tmp_path):
    """Ctrl-C goes to all of a terminal's processes, and the parent sees to the end of its own."""
    run = (str(Workspace.open(tmp_path).root), RunConfig().config_hash, 19)
    others = multiprocessing.active_children()
    auditors = Auditors(2)
    futures = [auditors.submit(*run), auditors.submit_alone(*run)]
    until = time.monotonic() + 60
    while not all(future.done() for future in futures):
        assert time.monotonic() < until
        for worker in workers(others):
            os.kill(worker.pid, signal.SIGINT)
        time.sleep(0.005)
    assert [future.result()["status"] for future in futures] == ["artifact_missing"] * 2
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
    auditors.close()


def test_a_worker_that_dies_at_the_end_does_not_keep_the_others_from_it(tmp_path):
    """It may hold the lock of the queue from which they would hear that it is over."""
    run = (str(Workspace.open(tmp_path).root), RunConfig().config_hash, 19)
    others = multiprocessing.active_children()
    for number in range(4):
        auditors = Auditors(2)
        for future in [auditors.submit(*run) for _ in range(4)]:
            future.result(60)
        workers(others)[number % 2].kill()
        closed_soon(auditors, others)


def test_a_worker_keeps_to_one_core():
    """BLAS threads that wait for work spin, and take a core from the solver."""
    with module._pool(1) as pool:
        libraries = pool.submit(threadpool_info).result(60)
    assert libraries
    assert {library["num_threads"] for library in libraries} == {1}
