"""Work off the loop: bursts cost two jobs, and a closed page hears nothing."""

import asyncio
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.events import Tap
from bokeh.models import Column, Div
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc, state
from tornado.ioloop import IOLoop

from irer_panel.background import DocumentLoop, KernelLoop, Newest, NoLoop, loop_of, together
from irer_panel.chart import chart, on_tap


def page_of_a_session():
    """A document, and the session context that keeps it."""
    page = Document()
    context = BokehSessionContext("a session", None, page)
    page._session_context = weakref.ref(context)
    return page, context


@pytest.fixture
def executor():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def test_of_a_burst_the_first_and_the_newest_run(executor):
    async def burst():
        gate = threading.Event()
        delivered = []
        newest = Newest(executor, KernelLoop(), delivered.append)
        newest.request(lambda: gate.wait(10) and 0)
        for number in range(1, 100):
            newest.request(lambda number=number: number)
        gate.set()
        while 99 not in delivered:
            await asyncio.sleep(0.01)
        return delivered

    assert asyncio.run(burst()) == [0, 99]


def test_results_come_back_on_the_loops_own_thread(executor):
    async def ask():
        where = asyncio.get_running_loop().create_future()
        newest = Newest(
            executor, KernelLoop(), lambda _: where.set_result(threading.current_thread())
        )
        newest.request(threading.current_thread)
        return await asyncio.wait_for(where, 10)

    assert asyncio.run(ask()) is threading.current_thread()


def test_nothing_is_delivered_after_close(executor):
    async def close_early():
        gate = threading.Event()
        delivered = []
        newest = Newest(executor, KernelLoop(), delivered.append)
        newest.request(lambda: gate.wait(10))
        newest.close()
        newest.request(lambda: 1)
        gate.set()
        await asyncio.sleep(0.1)
        return delivered

    assert asyncio.run(close_early()) == []


def test_a_failed_job_is_logged_and_the_next_one_runs(executor, caplog):
    async def fail():
        delivered = []
        newest = Newest(executor, KernelLoop(), delivered.append)
        newest.request(lambda: 1 / 0)
        while "background job failed" not in caplog.text:
            await asyncio.sleep(0.01)
        newest.request(lambda: 2)
        while not delivered:
            await asyncio.sleep(0.01)
        return delivered

    assert asyncio.run(fail()) == [2]
    assert "ZeroDivisionError" in caplog.text


def test_what_nobody_foresaw_is_said_on_the_page_once_until_it_is_another(executor, monkeypatch):
    said = []
    monkeypatch.setattr("irer_panel.saying.notify", said.append)

    async def fail():
        newest = Newest(executor, KernelLoop(), lambda _: None)
        for job in (lambda: 1 / 0, lambda: 1 / 0, lambda: {}["rho"]):
            newest.request(job)
            while newest._running:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        newest.request(lambda: 1 / 0)
        newest.close()
        while newest._running:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)

    asyncio.run(fail())
    kinds = [each.split(": ")[1] for each in said]
    assert kinds == ["ZeroDivisionError", "KeyError"]
    assert all("server's log" in each for each in said)


def test_a_script_without_a_loop_is_its_own():
    assert isinstance(loop_of(None), NoLoop)
    called = threading.Event()
    loop_of(None).later(0.01, called.set)
    assert called.wait(10)


def test_in_its_own_calls_a_page_is_the_current_one():
    """Else it is given models of another, which breaks all its updates from then on."""

    async def call():
        (page, _context), other, seen = page_of_a_session(), Document(), []
        DocumentLoop(page).soon(lambda: seen.append(state.curdoc))
        await asyncio.sleep(0)
        [tick] = page.session_callbacks
        with set_curdoc(other):
            tick.callback()
        return seen[0] is page

    assert asyncio.run(call())


def test_what_comes_for_a_session_that_has_ended_is_dropped():
    """Bokeh takes the document apart first, and says that the session has ended after that."""

    async def call():
        (page, context), seen, wrong = page_of_a_session(), [], []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: wrong.append(told))
        loop = DocumentLoop(page)
        page.callbacks.on_change_dispatch_to(context)
        page.destroy(context)
        loop.soon(lambda: seen.append("soon"))
        loop.aside(lambda: seen.append("aside"), lambda: seen.append("then"))
        await asyncio.sleep(0.05)
        return seen, wrong

    assert asyncio.run(call()) == ([], [])


def test_a_browser_may_leave_while_a_page_is_told_what_was_made_aside():
    """The loop hears of it, while another thread goes through the session's browsers."""

    async def call():
        column, page, told = Column(), Document(), []
        page.add_root(column)
        session = ServerSession("a session", page, IOLoop.current())
        context = BokehSessionContext("a session", None, page)
        context._set_session(session)
        page._session_context = weakref.ref(context)

        class Browser:
            async def _send(self):
                told.append("sent")

            def send_patch_document(self, event):
                session.unsubscribe(self)
                return self._send()

        for _ in range(3):
            session.subscribe(Browser())
        made = asyncio.get_running_loop().create_future()
        with set_curdoc(page):
            state._thread_id = threading.get_ident()
        DocumentLoop(page).aside(
            lambda: setattr(column, "children", [Div()]), lambda: made.set_result(told)
        )
        return await asyncio.wait_for(made, 10)

    assert asyncio.run(call()) == 3 * ["sent"]


def test_what_is_asked_for_while_the_process_ends_is_not_done(executor):
    delivered = []
    newest = Newest(executor, NoLoop(), delivered.append)
    gate = threading.Event()
    newest.request(lambda: gate.wait(10) and 0)
    newest.request(lambda: 1)
    executor.shutdown(wait=False)
    gate.set()
    executor.shutdown()
    newest.request(lambda: 2)
    assert delivered == [0]


def test_what_is_made_aside_is_told_to_the_page_from_there():
    """Fifty models become a message in as many milliseconds, for which the loop would stand."""

    async def call():
        (page, _context), column, told = page_of_a_session(), Column(), []
        page.add_root(column)
        with set_curdoc(page):
            state._thread_id = threading.get_ident()

        def hear(event):
            if isinstance(event, ModelChangedEvent):
                told.append(threading.current_thread().name)

        page.on_change(hear)

        DocumentLoop(page).aside(
            lambda: setattr(column, "children", [Div()]), lambda: told.append("then")
        )
        await asyncio.sleep(0)
        [tick] = page.session_callbacks
        await tick.callback()
        await asyncio.sleep(0)
        [after] = set(page.session_callbacks) - {tick}
        after.callback()
        return told, page.callbacks.hold_value

    (builder, then), held = asyncio.run(call())
    assert builder.startswith("irer-build")
    assert (then, held) == ("then", None)


def test_in_a_tap_on_its_figure_too():
    page, fig, seen = Document(), chart("x", "y"), []
    page.add_root(fig)
    on_tap(fig, lambda *_: seen.append(state.curdoc))
    with set_curdoc(Document()):
        fig._trigger_event(Tap(fig, x=1.0, y=1.0))
    assert seen[0] is page


def test_jobs_are_done_together_and_give_their_results_in_order():
    meeting = threading.Barrier(2)

    def job(number):
        meeting.wait(10)  # each waits for the other to be there too
        return number, threading.current_thread().name

    (first, here), (second, beside) = together([lambda: job(1), lambda: job(2)])
    assert (first, second, here) == (1, 2, threading.current_thread().name)
    assert beside.startswith("irer-paint-beside")
    assert together([]) == []


def test_when_the_first_job_fails_the_others_have_ended():
    ended = threading.Event()
    begun = threading.Event()

    def fail():
        begun.wait(10)
        raise ValueError("first")

    def go_on():
        begun.set()
        time.sleep(0.1)
        ended.set()

    with pytest.raises(ValueError, match="first"):
        together([fail, go_on])
    assert ended.is_set()
    with pytest.raises(ZeroDivisionError):
        together([str, lambda: 1 / 0])


def test_once_the_process_ends_jobs_are_done_one_after_the_other(monkeypatch):
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    monkeypatch.setattr("irer_panel.background._beside", ended)
    assert together([lambda: 1, lambda: 2]) == [1, 2]
