"""Work off the loop: bursts cost two jobs, and a closed page hears nothing."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.events import Tap
from bokeh.models import Column, Div
from panel.io.state import set_curdoc, state

from irer_panel.background import DocumentLoop, KernelLoop, Newest, NoLoop, loop_of
from irer_panel.chart import chart, on_tap


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


def test_a_script_without_a_loop_is_its_own():
    assert isinstance(loop_of(None), NoLoop)
    called = threading.Event()
    loop_of(None).later(0.01, called.set)
    assert called.wait(10)


def test_in_its_own_calls_a_page_is_the_current_one():
    """Else it is given models of another, which breaks all its updates from then on."""

    async def call():
        page, other, seen = Document(), Document(), []
        DocumentLoop(page).soon(lambda: seen.append(state.curdoc))
        [tick] = page.session_callbacks
        with set_curdoc(other):
            tick.callback()
        return seen[0] is page

    assert asyncio.run(call())


def test_what_is_made_aside_is_told_to_the_page_from_there():
    """Fifty models become a message in as many milliseconds, for which the loop would stand."""

    async def call():
        page, column, told = Document(), Column(), []
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
        [tick] = page.session_callbacks
        await tick.callback()
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
