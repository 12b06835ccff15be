"""Who was let in is asked again: open pages and streams end with the user, password or token."""

import asyncio
import re

import pytest
from api_client import Listener
from guarded import PASSWORD, guard, login
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from engine.store.workspace import Workspace


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    return guard(start_server, Workspace.open(tmp_path_factory.mktemp("in")), impatient=True)


@pytest.fixture
def guarded(served):
    kept = served.access.path.read_bytes()
    yield served
    served.access.path.write_bytes(kept)


def enter(guarded, name="bob"):
    """Let somebody in: their cookie."""
    guarded.access.add_user(name, PASSWORD)
    return login(guarded.client, name).headers["set-cookie"].split(";")[0]


def removed(access):
    access.remove_user("bob")


def renewed(access):
    access.add_user("bob", PASSWORD + "!")


def damaged(access):
    access.path.write_text("{")


async def open_page(guarded, cookie):
    """A page as a browser has it: its socket, on which the server has spoken."""
    page = await asyncio.to_thread(guarded.client.get, "/", Cookie=cookie)
    token = re.search(rb'"token":"([^"]+)"', page.body)[1].decode()
    socket = await connect(guarded, cookie, token)
    assert await socket.read_message() is not None
    return socket


async def connect(guarded, cookie, token):
    headers = {"Cookie": cookie, "Origin": guarded.client.url}
    request = HTTPRequest(f"ws://{guarded.client.host}/ws", headers=headers)
    return await websocket_connect(request, subprotocols=["bokeh", token])


async def ends(socket):
    while await socket.read_message() is not None:
        pass
    socket.close()
    return socket.close_code


@pytest.mark.parametrize("change", [removed, renewed, damaged])
def test_an_open_page_is_closed_and_does_not_come_back(guarded, change):
    cookie = enter(guarded)

    async def run():
        async with asyncio.timeout(60):
            page = await open_page(guarded, cookie)
            change(guarded.access)
            assert await ends(page) == 1008
            with pytest.raises(HTTPClientError, match="401"):
                await connect(guarded, cookie, "x")

    asyncio.run(run())


def test_the_pages_of_others_stay(guarded):
    cookie = enter(guarded)

    async def run():
        async with asyncio.timeout(60):
            theirs, ours = [await open_page(guarded, each) for each in (cookie, guarded.cookie)]
            guarded.access.remove_user("bob")
            await ends(theirs)
            await asyncio.sleep(1)  # three looks
            assert ours.close_code is None
            ours.close()
            await ends(ours)

    asyncio.run(run())


@pytest.mark.parametrize("change", [removed, renewed, damaged])
def test_a_stream_ends_with_its_user(guarded, change):
    with Listener(guarded.client, Cookie=enter(guarded)) as listener:
        told = iter(listener)
        assert next(told).event == "snapshot"
        change(guarded.access)
        assert list(told) == []


def test_a_stream_ends_with_its_token(guarded):
    token = guarded.access.create_token("brief", "read")
    with Listener(guarded.client, Authorization=f"Bearer {token}") as listener:
        told = iter(listener)
        assert next(told).event == "snapshot"
        guarded.access.revoke_token("brief")
        assert list(told) == []
        assert guarded.client.get("/api/runs", **guarded.token("read")).status == 200
