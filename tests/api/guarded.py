"""A server that asks for a log-in, and those who may come in."""

import http.client
import socket
from typing import NamedTuple
from urllib.parse import urlencode

from api_client import Client

from engine.store.access import Access

PASSWORD = "correct horse battery"


class Guarded(NamedTuple):
    """Its client, its file, and what opens it."""

    client: Client
    access: Access
    read: str
    control: str
    cookie: str
    said: list[str]

    def token(self, scope="control"):
        return {"Authorization": f"Bearer {getattr(self, scope)}"}


def guard(start_server, workspace, *options, impatient=False):
    """Serve a workspace to one user and two tokens."""
    access = Access(workspace.root / "access.json")
    access.add_user("ada", PASSWORD)
    read, control = access.create_token("plots", "read"), access.create_token("ci", "control")
    command = ("engine.cli", "serve", "--port", "0", "--auth", *options)
    if impatient:
        command = ("tests.api.impatient_server",)
    served = start_server(*command, workspace=workspace.root)
    client = Client(served.url)
    cookie = login(client).headers["set-cookie"].split(";")[0]
    return Guarded(client, access, read, control, cookie, served.said)


def login(client, name="ada", password=PASSWORD, place="", **headers):
    form = urlencode({"username": name, "password": password, "next": place})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return client.ask("POST", "/login", form, {**kind, **headers})


def raw(client, request, timeout=20.0):
    """Send bytes as they are; the status and the whole answer, (0, b"") where there is none."""
    host, _, port = client.host.partition(":")
    with socket.create_connection((host, int(port)), timeout) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        try:
            answer.begin()
        except (http.client.HTTPException, ConnectionError):
            return 0, b""
        return answer.status, answer.read() if answer.status != 101 else b""
