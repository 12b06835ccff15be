"""What Tornado and Bokeh say of a request on their own holds nothing that somebody put there."""

import asyncio

import pytest
from guarded import guard, raw
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from engine.store.workspace import Workspace

SECRET = "irer_A-secret-of-43-characters-as-tokens-have-it"


@pytest.fixture(scope="module")
def guarded(start_server, tmp_path_factory):
    return guard(start_server, Workspace.open(tmp_path_factory.mktemp("quiet")))


def said_after(guarded, mark):
    """All that the server says until a line with this mark, which a last request makes."""
    while not any(mark in line for line in guarded.said):
        guarded.client.get(f"/{mark}")
    return "".join(guarded.said)


def test_a_request_that_tornado_refuses(guarded):
    evil = {"Origin": "http://evil.example"}
    assert guarded.client.ask("POST", f"/login?password={SECRET}", "", evil).status == 403
    token = guarded.token()
    assert guarded.client.get(f"/api/runs?token={SECRET}&hunt=%ff", **token).status == 400
    assert guarded.client.get(f"/api/runs?hunt={SECRET}%ff", **token).status == 400
    session = f"/?bokeh-session-id={SECRET}&token={SECRET}"
    assert guarded.client.get(session, Cookie=guarded.cookie).status == 403
    said = said_after(guarded, "end-of-refusals")
    assert "403 POST /login (127.0.0.1)" in said  # it is Tornado's own line
    assert "400 GET /api/runs (127.0.0.1)" in said
    assert SECRET not in said


def test_a_request_that_fails(guarded):
    async def connect():
        headers = {"Cookie": guarded.cookie, "Origin": guarded.client.url}
        url = f"ws://{guarded.client.host}/ws?token={SECRET}"
        opened = await websocket_connect(HTTPRequest(url, headers=headers))
        assert await opened.read_message() is None
        opened.close()

    asyncio.run(connect())
    said = said_after(guarded, "end-of-failures")
    assert "Traceback" in said
    assert "GET /ws (127.0.0.1)" in said
    assert SECRET not in said


def test_a_cookie_that_is_forged(guarded):
    request = f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: irer_user={SECRET}|1|2\r\n\r\n"
    assert raw(guarded.client, request.encode())[0] == 401
    said = said_after(guarded, "end-of-forgeries")
    assert "Invalid cookie signature" in said
    assert SECRET not in said
