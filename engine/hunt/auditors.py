"""The auditors: a pool of spawned processes, apart from the solver and its memory."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from threadpoolctl import threadpool_limits

from engine.audit.report import audit_run
from engine.cores import step_aside, usable_cores

_INSIST = 0.1
_PATIENCE = 2.0


class AuditTimeoutError(Exception):
    """An audit that took longer than it may."""


class Auditors:
    """A pool of spawned processes that audit runs; a pool that broke is replaced.

    Spawned, not forked: a fork would copy the locks of JAX's threads.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or usable_cores()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def submit(
        self, root: str, config_hash: str, draws: int, limit_s: float = 0.0
    ) -> "Future[dict[str, Any]]":
        """Audit one run of a workspace; the future gives its provenance, or `AuditTimeoutError`.

        A worker that dies breaks its whole pool, so the future may raise `BrokenProcessPool` for
        the death of another run's auditor: `submit_alone` then finds out whose it was.
        """
        with self._lock:
            while True:
                self._pool = self._pool or _pool(self._workers)
                try:
                    with _deaf():
                        future = self._pool.submit(_audit, root, config_hash, draws, limit_s)
                except (OSError, RuntimeError, ValueError):  # BrokenProcessPool is a RuntimeError
                    if not self._pool._broken:
                        raise
                else:
                    # What is handed to a pool just as it breaks may never be answered.
                    if not self._pool._broken:
                        return future
                _shut(self._pool)
                self._pool = None

    def submit_alone(
        self, root: str, config_hash: str, draws: int, limit_s: float = 0.0
    ) -> "Future[dict[str, Any]]":
        """The same in a process of its own, which answers for this run only."""
        pool = _pool(1)
        with _deaf():
            future = pool.submit(_audit, root, config_hash, draws, limit_s)
        future.add_done_callback(lambda _: pool.shutdown(wait=False))
        return future

    def close(self) -> None:
        """End the worker processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is None:
            return
        until = time.monotonic() + _PATIENCE
        for worker in _shut(pool):
            worker.join(max(0.0, until - time.monotonic()))
            if worker.is_alive():  # one that died may hold the lock of the queue that tells it
                worker.kill()
                worker.join()


def _audit(root: str, config_hash: str, draws: int, limit_s: float) -> dict[str, Any]:
    """In a worker: an audit that a signal interrupts when its time is over."""
    auditing = True

    def give_up(*_: object) -> None:
        if auditing:
            raise AuditTimeoutError(f"its audit took more than {limit_s:g} s")

    signal.signal(signal.SIGALRM, give_up)
    # Again and again: what is raised in a destructor or a callback is lost.
    signal.setitimer(signal.ITIMER_REAL, limit_s, _INSIST)
    try:
        return audit_run(root, config_hash, draws)
    finally:
        auditing = False
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def _deaf() -> Iterator[None]:
    """Have workers that are born here hear no Ctrl-C: they inherit what this thread blocks.

    It is the parent's to handle, also while they still import what they need.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_live_and_die)


def _shut(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    """Tell a pool to end, and end the workers of one that broke; these are its workers.

    Python 3.11 may launch a worker while the pool breaks. Nobody ends that one, and the pool's
    thread, for which the interpreter waits at its exit, waits for it.
    """
    workers: list[BaseProcess] = list(pool._processes.values())
    if pool._broken:
        for worker in workers:
            worker.kill()
    pool.shutdown(wait=False, cancel_futures=True)
    return workers


def _live_and_die() -> None:
    """In a worker: end when the parent is gone."""
    step_aside()
    # A worker a core: BLAS threads beside it would only spin, and take as much again.
    threadpool_limits(1)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
