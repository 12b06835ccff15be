"""What an attacker sends, byte for byte, and the status that it gets: one line an attack."""
# ruff: noqa: E501  (a table)

import asyncio
import base64
import hashlib
import os

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from guarded import PASSWORD, guard, raw
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

FORM = "application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
IN = "Authorization: Bearer {control}"
EVIL = "Origin: http://evil.example"

# fmt: off
READ = {
    "a folder up in the path": ("GET /api/runs/../../etc/passwd", [IN], "", 404),
    "a folder up, encoded": ("GET /api/runs/%2e%2e%2f%2e%2e%2fetc%2fpasswd", [IN], "", 404),
    "a folder up, encoded twice": ("GET /api/runs/%252e%252e%252fetc%252fpasswd", [IN], "", 404),
    "a folder up in an artifact": ("GET /api/runs/..%2f..%2fhunt.lock/artifact", [IN], "", 404),
    "a null byte": ("GET /api/runs/{run}%00/artifact", [IN], "", 404),
    "another case of an id": ("GET /api/runs/{RUN}", [IN], "", 404),
    "an id and a line break": ("GET /api/runs/{run}%0a", [IN], "", 404),
    "a link out of the workspace": ("GET /api/runs/{linked}/artifact", [IN], "", 403),
    "a pipe for an artifact": ("GET /api/runs/{piped}/artifact", [IN], "", 404),
    "the server's files": ("GET /static/../../../../etc/passwd", ["Cookie: {cookie}"], "", 403),
    "the same, encoded": ("GET /static/%2e%2e/%2e%2e/%2e%2e/etc/passwd", ["Cookie: {cookie}"], "", 403),
    "the access file": ("GET /access.json", ["Cookie: {cookie}"], "", 404),
    "SQL in the order": ("GET /api/runs?order=fitness;DROP%20TABLE%20runs", [IN], "", 422),
    "SQL in the hunt": ("GET /api/runs?hunt='%20OR%201=1;--", [IN], "", 200),
    "a huge offset": ("GET /api/runs?offset=9223372036854775808", [IN], "", 422),
    "infinity in a filter": ("GET /api/runs?fitness_min=Infinity", [IN], "", 422),
    "a ten-thousand-digit limit": ("GET /api/runs?limit=" + "9" * 10_000, [IN], "", 422),
    "a bad escape in the query": ("GET /api/runs?hunt=%ff%fe", [IN], "", 400),
    "a range that overflows": ("GET /api/runs/{run}/artifact", [IN, "Range: bytes=" + "9" * 30 + "-"], "", 200),
    "a thousand ranges": ("GET /api/runs/{run}/artifact", [IN, "Range: bytes=" + "0-0," * 1000], "", 200),
}

DOORS = {
    "no token": ("GET /api/runs", [], "", 401),
    "an empty token": ("GET /api/runs", ["Authorization: Bearer "], "", 401),
    "a forged token": ("GET /api/runs", ["Authorization: Bearer irer_" + "A" * 43], "", 401),
    "the hash for the token": ("GET /api/runs", ["Authorization: Bearer {hash}"], "", 401),
    "a revoked token": ("GET /api/runs", ["Authorization: Bearer {revoked}"], "", 401),
    "a token in the query": ("GET /api/runs?access_token={control}", [], "", 401),
    "a token as a basic password": ("GET /api/runs", ["Authorization: Basic {basic}"], "", 401),
    "a scope that is too small": ("POST /api/stop-hunt", [JSON, "Authorization: Bearer {read}"], "{}", 403),
    "a forged cookie": ("GET /", ["Cookie: irer_user=ada"], "", 401),
    "a cookie of another signature": ("GET /", ["Cookie: irer_user={forged}"], "", 401),
    "Panel's own cookie": ("GET /", ["Cookie: user=ada; is_guest=1"], "", 401),
    "components without a log-in": ("GET /components/panel/x/_css/y", [], "", 401),
    "static files without a log-in": ("GET /static/js/bokeh.min.js", [], "", 401),
    "extensions without a log-in": ("GET /static/extensions/panel/panel.min.js", [], "", 401),
    "metadata without a log-in": ("GET /metadata", [], "", 401),
    "an autoload without a log-in": ("GET /autoload.js?bokeh-autoload-element=x", [], "", 401),
    "events without a log-in": ("GET /api/events", [], "", 401),
    "the description without a log-in": ("GET /api/openapi.json", [], "", 401),
    "a path that only looks like the log-in": ("GET /login/../", [], "", 401),
    "a path with two slashes": ("GET //api/get-status", [], "", 401),
    "a path in capitals": ("GET /API/get-status", [], "", 401),
    "an absolute URL": ("GET http://evil.example/api/get-status", [IN], "", 401),
    "a session that somebody else named": ("GET /?bokeh-session-id=" + "x" * 44, ["Cookie: {cookie}"], "", 403),
    "the same in a header": ("GET /", ["Cookie: {cookie}", "Bokeh-Session-Id: " + "x" * 44], "", 403),
    "a log-in sent by another site": ("POST /login", ["Content-Type: " + FORM, EVIL], "username=ada&password={password}", 403),
    "a password in the query": ("POST /login?username=ada&password={password_in_url}", ["Content-Type: " + FORM], "", 401),
}

COMMANDS = {
    "a command of another site": ("POST /api/stop-hunt", [IN, JSON, EVIL], "{}", 403),
    "a command of a sandboxed frame": ("POST /api/stop-hunt", [IN, JSON, "Origin: null"], "{}", 403),
    "a command with the browser's own mark": ("POST /api/stop-hunt", [IN, JSON, "Sec-Fetch-Site: cross-site"], "{}", 403),
    "an origin that begins like ours": ("POST /api/stop-hunt", [IN, JSON, "Origin: http://{host}.evil.example"], "{}", 403),
    "an origin that hides ours": ("POST /api/stop-hunt", [IN, JSON, "Origin: http://{host}@evil.example"], "{}", 403),
    "a form for a command": ("POST /api/start-hunt", [IN, "Content-Type: " + FORM], "num_generations=1", 415),
    "plain text for a command": ("POST /api/start-hunt", [IN, "Content-Type: text/plain"], "{}", 415),
    "no type at all": ("POST /api/stop-hunt", [IN], "", 415),
    "a command as GET": ("GET /api/stop-hunt", [IN], "", 405),
    "another method in a header": ("GET /api/stop-hunt", [IN, "X-HTTP-Method-Override: POST"], "", 405),
    "another method in the query": ("GET /api/stop-hunt?_method=POST", [IN], "", 405),
    "a preflight": ("OPTIONS /api/start-hunt", [IN, EVIL, "Access-Control-Request-Method: POST"], "", 405),
    "TRACE": ("TRACE /api/get-status", [IN], "", 405),
    "NaN": ("POST /api/start-hunt", [IN, JSON], '{"dt": NaN}', 400),
    "Infinity": ("POST /api/start-hunt", [IN, JSON], '{"dt": -Infinity}', 400),
    "a number beyond all": ("POST /api/start-hunt", [IN, JSON], '{"dt": 1e400}', 400),
    "an integer of 5000 digits": ("POST /api/start-hunt", [IN, JSON], '{"seed": ' + "9" * 5000 + "}", 400),
    "a grid of a terabyte": ("POST /api/start-hunt", [IN, JSON], '{"N_grid": 1000000}', 422),
    "a hunt of ten thousand million runs": ("POST /api/start-hunt", [IN, JSON], '{"num_generations": 100000, "population_size": 100000}', 422),
    "a name in another script": ("POST /api/start-hunt", [IN, JSON], '{"num_generat\u0456ons": 1}', 422),
    "half a character": ("POST /api/start-hunt", [IN, JSON], '{"\\ud800": 1}', 422),
    "a prototype": ("POST /api/start-hunt", [IN, JSON], '{"__proto__": {"seed": 1}, "__class__": 1}', 422),
    "a scheduler of one's own": ("POST /api/start-hunt", [IN, JSON], '{"scheduler": "tcp://192.0.2.1:8786"}', 422),
    "thirty thousand brackets": ("POST /api/start-hunt", [IN, JSON], "[" * 30_000, 400),
    "deep nesting in an object": ("POST /api/start-hunt", [IN, JSON], '{"a":' * 500 + "1" + "}" * 500, 400),
    "a body of 65 KB": ("POST /api/start-hunt", [IN, JSON], " " * 66_000 + "{}", 413),
}

HEADS = {
    "a host that was made to point here": ("GET /api/get-status", [IN, "Host: evil.example"], "", 421),
    "the same for a page": ("GET /", ["Cookie: {cookie}", "Host: evil.example:80"], "", 421),
    "the same for a socket": ("GET /ws", ["Cookie: {cookie}", "Host: evil.example", "Connection: Upgrade", "Upgrade: websocket"], "", 421),
    "the same for the log-in": ("GET /login", ["Host: localhost.evil.example"], "", 421),
    "two hosts": ("GET /api/get-status", [IN, "Host: localhost", "Host: evil.example"], "", 400),
    "a length that is none": ("POST /api/start-hunt", [IN, JSON, "Content-Length: 1e3"], "", 400),
    "a length below zero": ("POST /api/start-hunt", [IN, JSON, "Content-Length: -5"], "", 400),
    "two lengths": ("POST /api/start-hunt", [IN, JSON, "Content-Length: 2", "Content-Length: 3"], "", 400),
    "a length and pieces": ("POST /api/start-hunt", [IN, JSON, "Content-Length: 2", "Transfer-Encoding: chunked"], "", 400),
    "a body of ten gigabytes": ("POST /api/start-hunt", [IN, JSON, "Content-Length: 10000000000"], "", 413),
    "a head of a megabyte": ("GET /api/get-status", [IN, "X-Long: " + "x" * 1_000_000], "", 0),
}
# fmt: on

ATTACKS = {**READ, **DOORS, **COMMANDS, **HEADS}


@pytest.fixture(scope="module")
def guarded(start_server, hunted):
    return guard(start_server, hunted)


@pytest.fixture(scope="module")
def words(guarded, hunted, rows, tmp_path_factory):
    """What the attacks are filled with: all that an attacker might have got hold of."""
    runs = [row["config_hash"] for row in rows]
    outside = tmp_path_factory.mktemp("outside") / "secret.h5"
    outside.write_bytes(b"secret")
    kept = {name: hunted.artifact_path(name).read_bytes() for name in runs[-2:]}
    linked, piped = (hunted.artifact_path(name) for name in runs[-2:])
    linked.unlink()
    linked.symlink_to(outside)
    piped.unlink()
    os.mkfifo(piped)
    revoked = guarded.access.create_token("gone", "control")
    guarded.access.revoke_token("gone")
    yield {
        "control": guarded.control,
        "read": guarded.read,
        "cookie": guarded.cookie,
        "forged": guarded.cookie.partition("=")[2][:-10] + "0123456789",
        "revoked": revoked,
        "hash": hashlib.sha256(guarded.control.encode()).hexdigest(),
        "basic": base64.b64encode(f"ci:{guarded.control}".encode()).decode(),
        "password": PASSWORD.replace(" ", "+"),
        "password_in_url": PASSWORD.replace(" ", "+"),
        "run": runs[0],
        "RUN": runs[0].upper(),
        "linked": runs[-2],
        "piped": runs[-1],
        "host": guarded.client.host,
    }
    for name, data in kept.items():
        path = hunted.artifact_path(name)
        path.unlink()
        path.write_bytes(data)


def filled(text, words):
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def request_of(attack, words):
    line, headers, body, _ = attack
    sent = [filled(header, words) for header in headers]
    names = {header.partition(":")[0].lower() for header in sent}
    payload = filled(body, words).encode()
    if "host" not in names:
        sent.append(f"Host: {words['host']}")
    if payload and "content-length" not in names:
        sent.append(f"Content-Length: {len(payload)}")
    head = "\r\n".join([f"{filled(line, words)} HTTP/1.1", *sent, "Connection: close", "", ""])
    return head.encode() + payload


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_gets_its_status_and_nothing_else(guarded, words, attack):
    status, answer = raw(guarded.client, request_of(attack, words))
    assert status == attack[-1]
    assert b"secret" not in answer
    assert b"root:" not in answer
    assert b"Traceback" not in answer
    assert guarded.client.get("/api/get-status", **guarded.token()).json["hunt_status"] != "running"


def test_the_table_is_long_enough():
    assert len(ATTACKS) >= 40


def test_a_line_break_in_a_header_makes_no_second_header(guarded):
    head = b"GET /api/get-status HTTP/1.1\r\nHost: localhost\r\nX: a\rSet-Cookie: b\r\n\r\n"
    assert raw(guarded.client, head)[0] == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{host}.evil.example"])
def test_a_socket_from_another_site_is_refused(guarded, origin):
    cookie = {"Cookie": guarded.cookie, "Origin": origin.format(host=guarded.client.host)}
    assert socket_status(guarded, cookie) == 403


def test_a_socket_without_a_log_in_is_refused(guarded):
    assert socket_status(guarded, {"Origin": guarded.client.url}) == 401


def test_a_socket_with_a_session_that_is_not_signed_is_closed(guarded):
    """Whoever gave a victim the name of a session would otherwise sit in it with them."""
    cookie = {"Cookie": guarded.cookie, "Origin": guarded.client.url}
    assert socket_status(guarded, cookie) is None


def socket_status(guarded, headers):
    """The status that refuses a socket, None where it is opened and closed again."""

    async def connect():
        token = generate_jwt_token(generate_session_id())
        request = HTTPRequest(f"ws://{guarded.client.host}/ws", headers=headers)
        try:
            opened = await websocket_connect(request, subprotocols=["bokeh", token])
        except HTTPClientError as error:
            return error.code
        assert await opened.read_message() is None
        opened.close()
        return None

    return asyncio.run(connect())
