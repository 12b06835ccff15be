"""Requests to a real server, as a script makes them."""

import contextlib
import http.client
import json
from typing import NamedTuple
from urllib.parse import urlsplit

SMALL = {
    "num_generations": 2,
    "population_size": 3,
    "N_grid": 32,
    "T_steps": 40,
    "null_draws": 19,
    "strategy": "sobol",
}
LONG = {**SMALL, "num_generations": 1000, "T_steps": 200}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Requests to one server, each on a connection of its own."""

    def __init__(self, url):
        self.url = url
        self.host = urlsplit(url).netloc

    def connect(self):
        return http.client.HTTPConnection(self.host, timeout=60)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            # A server that refuses a long body answers before it was sent, and hangs up.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, document=None, **headers):
        names = {k.replace("_", "-"): v for k, v in headers.items()}
        body = None if document is None else json.dumps(document)
        return self.ask("POST", path, body, {"Content-Type": "application/json", **names})


class Told(NamedTuple):
    """One message of an event stream."""

    id: int
    event: str
    data: dict


class Listener:
    """A reader of the events on a connection of its own."""

    def __init__(self, client, query="", **headers):
        self._connection = client.connect()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", f"/api/events{query}", headers=names)
        self.answer = self._connection.getresponse()
        self.comments = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.answer.close()
        self._connection.close()

    def __iter__(self):
        fields = {}
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                event = fields.get("event", "message")
                yield Told(int(fields["id"]), event, json.loads(fields["data"]))
                fields = {}
