"""What a page is told last, it is told last, however busy its socket was in between."""

import asyncio
import json

import panel as pn
import pytest
from bokeh.models import Div
from bokeh.protocol import Protocol
from bokeh.util.token import generate_jwt_token, generate_session_id
from panel.io.document import _WRITE_MSGS, hold
from panel.io.state import set_curdoc
from tornado.websocket import websocket_connect

from benchmarks.visitors import loaded_message
from irer_panel.background import loop_of

QUIET = 0.3


@pytest.fixture
def page():
    """A document with one text, and a way to read what its browser is told of it."""
    made = {}

    def make():
        div = Div(text="at first")
        pn.state.curdoc.add_root(div)
        made.update(div=div, loop=loop_of(pn.state.curdoc))

    async def talk(check, told):
        server = pn.io.server.get_server({"/": make}, port=0, show=False)
        server.start()
        socket = None
        try:
            address = f"ws://localhost:{server.port}/ws"
            token = generate_jwt_token(generate_session_id())
            socket = await websocket_connect(address, subprotocols=["bokeh", token])
            await socket.read_message()
            for part in loaded_message(Protocol()):
                await socket.write_message(part)
            reading = asyncio.create_task(listen(socket, told))
            [session] = server.get_sessions()
            [connection] = session._subscribed_connections
            async with asyncio.timeout(20):
                while not session._document.session_context or not pn.state._loaded.get(
                    session._document
                ):
                    await asyncio.sleep(0.01)
                await check(made["div"], made["loop"], connection._socket.write_lock)
            reading.cancel()
            return told
        finally:
            if socket is not None:
                socket.close()
            await asyncio.sleep(0.1)  # for the server to see it
            server.stop()

    return lambda check, told: asyncio.run(talk(check, told))


async def listen(socket, told):
    while (message := await socket.read_message()) is not None:
        if message.startswith('{"events"'):
            told += [each["new"] for each in json.loads(message)["events"] if "new" in each]


async def until(true, pause=0.005):
    while not true():
        await asyncio.sleep(pause)


def test_what_is_made_aside_does_not_overtake_what_waits_for_the_socket(page):
    async def check(div, loop, write_lock):
        async with write_lock:  # as while a large message is being written
            loop.soon(lambda: setattr(div, "text", "older"))
            await until(lambda: div.text == "older")
            loop.aside(lambda: setattr(div, "text", "newer"), lambda: None)
            await asyncio.sleep(QUIET)
        await until(lambda: div.text == "newer")
        await asyncio.sleep(QUIET)

    assert page(check, []) == ["older", "newer"]


def test_what_waits_while_other_messages_are_written_is_written_too(page):
    """Panel's writer may end just when the next message comes: then nobody would write that."""
    ends, told = [], []

    async def check(div, loop, write_lock):
        def say(number):
            with set_curdoc(div.document), hold(div.document):
                div.text = f"{number}"

        for burst in range(1, 25):
            async with write_lock:
                say(100 * burst)
            await until(lambda: div.document not in _WRITE_MSGS, 0)
            for number in range(burst):
                say(100 * burst + number)
                await asyncio.sleep(0)
            await asyncio.sleep(0.1)
            ends.append(told[-1])

    page(check, told)
    assert ends == [f"{101 * burst - 1}" for burst in range(1, 25)]
