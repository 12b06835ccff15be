"""Work off the event loop: the newest request wins, results come back onto the loop.

The loop that serves the pages must never wait for a disk or a rasterizer. `Newest` runs a job in
an executor and hands its result back through a `Loop`; while one job runs, only the newest of the
requests behind it is kept, so a burst costs two jobs, not hundreds.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from bokeh.document import Document
from panel.io.document import hold
from panel.io.state import set_curdoc, state

from engine.cores import step_aside
from irer_panel.outbox import written
from irer_panel.saying import confess

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Call = Callable[[], object]

readers = ThreadPoolExecutor(4, thread_name_prefix="irer-read")
"""Reads of ledger and files, for all sessions of the process."""

doorkeeper = ThreadPoolExecutor(1, thread_name_prefix="irer-door")
"""Who may come in: nobody waits for that behind the pages' reads."""

tellers = ThreadPoolExecutor(2, thread_name_prefix="irer-tell")
"""Reads of the event log, for all who follow it: no news waits behind the pages' reads."""

painters = ThreadPoolExecutor(1, thread_name_prefix="irer-paint")
"""Jobs of rasterization, for all sessions: one at a time."""

_beside = ThreadPoolExecutor(1, thread_name_prefix="irer-paint-beside")
"""What such a job does in a second thread."""

builders = ThreadPoolExecutor(1, thread_name_prefix="irer-build")
"""Views in the making, for all sessions: one thread, as HoloViews keeps its options globally."""


filmers = ThreadPoolExecutor(1, thread_name_prefix="irer-film", initializer=step_aside)
"""Films as files, for all sessions: one at a time, behind whatever a page waits for."""


def together(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do jobs at the same time, the first here and the others beside it; returns what they give."""
    try:
        others = [_beside.submit(job) for job in jobs[1:]]
    except RuntimeError:  # executors refuse work once the process ends
        return [job() for job in jobs]
    try:
        here = [job() for job in jobs[:1]]
    finally:
        wait(others)
    return here + [each.result() for each in others]


class Loop(Protocol):
    """Where a page lives; both are called from any thread."""

    def soon(self, call: Call) -> None:
        """Run as soon as it can be, where the page's models may be changed."""

    def later(self, seconds: float, call: Call) -> None:
        """Run after a while, on the loop, for what changes no models."""

    def aside(self, call: Call, then: Call) -> None:
        """Run what makes models by the dozen, then go on as with `soon`."""


class KernelLoop:
    """The loop of a notebook's kernel, or of whoever runs asyncio in this thread.

    Raises:
        RuntimeError: no loop runs in this thread.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def soon(self, call: Call) -> None:
        """Run at the loop's next turn."""
        self._loop.call_soon_threadsafe(call)

    def later(self, seconds: float, call: Call) -> None:
        """Run after a while."""
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, call)

    def aside(self, call: Call, then: Call) -> None:
        """Run both, each in a turn of its own."""
        self.soon(call)
        self.soon(then)


class Connections(set[Any]):
    """A session's browsers: one may come or go, on the loop, while another thread tells them."""

    def __iter__(self) -> Iterator[Any]:
        """Go through those who are there now."""
        return iter(frozenset(self))


class DocumentLoop(KernelLoop):
    """The loop of one browser session: calls to change it hold its lock, and end with it."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document

    def soon(self, call: Call) -> None:
        """Run at the document's next tick; what it changes goes out as one message."""

        def run() -> None:
            # Bokeh has one stack of current documents for all threads: while another page is
            # being made, that page lies on top, and ours would be given its models.
            with set_curdoc(self._document), hold(self._document):
                call()

        self._at_next_tick(run)

    def aside(self, call: Call, then: Call) -> None:
        """Run in another thread, which owns the document for that time; the loop serves others.

        Bokeh makes a model in a millisecond, and a view has fifty of them.
        """

        async def run() -> None:
            self._steady_connections()
            await written(self._document)  # nothing is added meanwhile: the lock is ours
            with set_curdoc(self._document):
                await self._loop.run_in_executor(builders, self._own_and_run, call)
            self.soon(then)  # when the page has been told of what was made

        self._at_next_tick(run)

    def _at_next_tick(self, run: Call) -> None:
        def add() -> None:
            if self._document.session_context is not None:  # else the session has ended meanwhile
                self._document.add_next_tick_callback(run)  # type: ignore[arg-type]  # it may await

        # On the loop: from elsewhere it could end in between.
        self._loop.call_soon_threadsafe(add)

    def _steady_connections(self) -> None:
        context = self._document.session_context
        session = None if context is None else context.session  # type: ignore[attr-defined]
        if session is not None and not isinstance(session._subscribed_connections, Connections):
            session._subscribed_connections = Connections(session._subscribed_connections)

    def _own_and_run(self, call: Call) -> None:
        # Panel changes models at once in the thread that a document belongs to, and elsewhere only
        # schedules the change. The session's lock, which the loop holds, keeps all others out.
        document = self._document
        owner = state._thread_id_[document]
        with set_curdoc(document):
            state._thread_id = threading.get_ident()
            document.hold("combine")
            try:
                call()
            finally:
                state._thread_id_[document] = owner
                document.unhold()  # here: to make a message of fifty models takes as many ms


class NoLoop:
    """A plain script: calls run at once, in the thread that asks."""

    def soon(self, call: Call) -> None:
        """Run now."""
        call()

    def later(self, seconds: float, call: Call) -> None:
        """Run after a while, in a thread of its own."""
        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()

    def aside(self, call: Call, then: Call) -> None:
        """Run both now."""
        call()
        then()


def loop_of(document: Document | None) -> Loop:
    """The loop that a page's models live on: of the session, the kernel, or none."""
    if document is not None and document.session_context is not None:
        return DocumentLoop(document)
    try:
        return KernelLoop()
    except RuntimeError:
        return NoLoop()


class Newest(Generic[Result]):
    """Runs jobs one at a time in an executor, dropping all but the newest that waits."""

    def __init__(self, executor: Executor, loop: Loop, deliver: Callable[[Result], object]) -> None:
        self._executor = executor
        self._loop = loop
        self._deliver = deliver
        self._lock = threading.Lock()
        self._running = False
        self._waiting: Callable[[], Result] | None = None
        self._closed = False
        self._said = ""

    def request(self, job: Callable[[], Result]) -> None:
        """Ask for a job, from any thread; one that still waits is dropped for it."""
        with self._lock:
            if self._closed:
                return
            if self._running:
                self._waiting = job
                return
            self._running = True
        self._submit(job)

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._lock:
            self._closed, self._waiting = True, None

    def _done(self, future: Future[Result]) -> None:
        # Handed over before the next job begins, so that an older result never comes last.
        if error := future.exception():
            logger.error("background job failed", exc_info=error)
            if not self._closed:
                self._loop.soon(partial(self._admit, error))
        elif not self._closed:
            self._loop.soon(lambda: self._hand_over(future.result()))
        with self._lock:
            job, self._waiting = self._waiting, None
            self._running = job is not None
        if job is not None:
            self._submit(job)

    def _submit(self, job: Callable[[], Result]) -> None:
        # Executors refuse work once the process ends, and then nobody waits for it.
        with contextlib.suppress(RuntimeError):
            self._executor.submit(job).add_done_callback(self._done)

    def _admit(self, error: BaseException) -> None:
        said, self._said = self._said, repr(error)
        if said != self._said:  # once, not at every look that fails the same way
            confess(error)

    def _hand_over(self, result: Result) -> None:
        if not self._closed:
            self._deliver(result)
