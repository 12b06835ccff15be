"""Logging in, tokens, and what guards each answer, against a real server."""

import contextlib
import re
import socket
import subprocess
import sys
from html import unescape
from urllib.parse import urlencode, urljoin

import pytest
from api_client import SMALL, Client, Listener
from bokeh.util.token import get_token_payload
from guarded import PASSWORD, guard, login

from engine.cli import main
from engine.errors import SettingsError
from engine.store.workspace import Workspace
from irer_panel.doors import Doors
from irer_panel.login import place_here


@pytest.fixture(scope="module")
def guarded(start_server, tmp_path_factory):
    return guard(start_server, Workspace.open(tmp_path_factory.mktemp("guarded")))


def test_whoever_logs_in_sees_the_pages_and_may_command(guarded):
    client = guarded.client
    assert client.get("/", Accept="text/html").headers["location"] == "login"
    assert b"<form" in client.get("/login").body
    page = client.get("/", Cookie=guarded.cookie)
    assert page.status == 200
    token = re.search(rb'"token":"([^"]+)"', page.body)[1].decode()
    told = get_token_payload(token)  # scripts of the page can read it
    assert told["cookies"] == {}
    assert not {"Cookie", "Authorization"} & set(told["headers"])
    assert client.get("/api/get-status", Cookie=guarded.cookie).status == 200
    assert client.post("/api/stop-hunt", Cookie=guarded.cookie).status == 409


def test_a_link_leads_where_it_led_once_one_has_logged_in(guarded):
    client, link = guarded.client, "/?run=" + 40 * "a" + "&tab=Hunt&theme=light"
    asked = client.get(link, Accept="text/html").headers["location"]
    form = client.get(urljoin("/", asked)).body.decode()
    [place] = re.findall(r'name="next" value="([^"]*)"', form)
    assert unescape(place) == link
    answer = login(client, place=link)
    assert (answer.status, urljoin("/login", answer.headers["location"])) == (303, link)


def test_behind_a_prefix_that_a_proxy_takes_off_one_stays_behind_it(guarded):
    """Each address is resolved as a browser does, against the one that it sees."""
    client, prefix = guarded.client, "/user/ada/proxy/irer"
    for place in ("/", "/h5web/" + 40 * "a", "/?tab=Hunt"):
        asked = client.get(place, Accept="text/html").headers["location"]
        at = urljoin(f"{prefix}{place}", asked)
        assert at.startswith(f"{prefix}/login")
        form = client.get(at.removeprefix(prefix)).body.decode()
        assert urljoin(at, re.search(r'action="([^"]*)"', form)[1]) == f"{prefix}/login"
        wanted = unescape(re.search(r'name="next" value="([^"]*)"', form)[1])
        assert wanted == place
    back = login(client, place=wanted).headers["location"]
    assert urljoin(f"{prefix}/login", back) == f"{prefix}{place}"
    out = client.get("/logout", Cookie=guarded.cookie).headers["location"]
    assert urljoin(f"{prefix}/logout", out) == f"{prefix}/login"


@pytest.mark.parametrize(
    "place",
    [
        "",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/a\\..\\evil",
        "javascript:alert(1)",
        "/\r\nSet-Cookie: irer_user=eve",
        "/\t/evil.example",
        "/" + 5000 * "a",
    ],
)
def test_a_log_in_leads_nowhere_else_than_here(guarded, place):
    shown = guarded.client.get(f"/login?{urlencode({'next': place})}").body
    assert b'name="next" value="/"' in shown
    assert place_here(place) == "/"


def test_nor_does_the_form_of_another_place(guarded):
    assert login(guarded.client, place="//evil.example/").headers["location"] == "./"


def test_who_mistypes_a_password_types_that_again_alone(guarded):
    shown = login(guarded.client, '"><script>', "wrong", place="/?tab=Hunt").body.decode()
    assert 'value="&quot;&gt;&lt;script&gt;"' in shown
    assert 'value="/?tab=Hunt"' in shown
    assert "Name or password is wrong." in shown


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded):
    kept = login(guarded.client).headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept


def test_a_token_is_worth_its_scope(guarded):
    client = guarded.client
    assert client.get("/api/runs", **guarded.token("read")).status == 200
    refused = client.post("/api/start-hunt", SMALL, **guarded.token("read"))
    assert (refused.status, refused.json["title"]) == (403, "Forbidden")
    assert client.post("/api/stop-hunt", **guarded.token("control")).status == 409
    assert client.get("/", **guarded.token("control")).status == 401  # pages are for people


def test_what_is_revoked_or_removed_is_worth_nothing_at_once(guarded):
    client, access = guarded.client, guarded.access
    token = access.create_token("brief", "read")
    assert client.get("/api/runs", Authorization=f"Bearer {token}").status == 200
    access.revoke_token("brief")
    refused = client.get("/api/runs", Authorization=f"Bearer {token}")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="irer"')
    access.add_user("bob", PASSWORD)
    cookie = login(client, "bob").headers["set-cookie"].split(";")[0]
    assert client.get("/", Cookie=cookie).status == 200
    access.add_user("bob", PASSWORD + "!")  # a new password ends the old one's sessions
    assert client.get("/", Cookie=cookie).status == 401
    access.remove_user("bob")
    assert login(client, "bob", PASSWORD + "!").status == 401


def test_a_stream_asks_for_a_log_in_too(guarded):
    assert guarded.client.get("/api/events").status == 401
    with Listener(guarded.client, **guarded.token("read")) as listener:
        assert next(iter(listener)).event == "snapshot"


@pytest.mark.parametrize("path", ["/login", "/", "/api/get-status", "/nothing", "/api/nothing"])
def test_every_answer_carries_its_guards(guarded, path):
    headers = guarded.client.get(path).headers
    assert "frame-ancestors" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "server" not in headers


def test_pages_may_be_framed_by_whom_was_named(start_server, tmp_path):
    command = ("engine.cli", "serve", "--port", "0", "--frame", "https://jupyter.example.org")
    url = start_server(*command, workspace=tmp_path).url
    headers = Client(url).get("/").headers
    assert headers["content-security-policy"].endswith("'self' https://jupyter.example.org")
    assert "x-frame-options" not in headers


@pytest.fixture(scope="module")
def impatient(start_server):
    return Client(start_server("tests.api.impatient_server").url)


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"GET /api/get-status HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n"),
        (
            b"POST /api/stop-hunt HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n",
            b" ",
        ),
        (b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n", b"a"),
    ],
    ids=["head", "body of a command", "body of a form"],
)
def test_what_drips_is_given_up(impatient, begun, drop):
    host, _, port = impatient.host.partition(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        connection.sendall(begun)
        connection.settimeout(0.2)
        for _ in range(300):  # until the server hangs up
            try:
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                pass
            except ConnectionError:
                return
            with contextlib.suppress(ConnectionError):
                connection.sendall(drop)
    pytest.fail("the server waited for ever")


def test_attempts_to_log_in_are_counted(start_server, tmp_path):
    found = guard(start_server, Workspace.open(tmp_path))
    statuses = [login(found.client, "ada", f"wrong {i}").status for i in range(12)]
    assert statuses[:9] == 9 * [401]  # the first of ten was right, and made the cookie
    assert statuses[-1] == 429
    refused = login(found.client)
    assert (refused.status, refused.headers["retry-after"].isdigit()) == (429, True)


def test_starts_are_counted(start_server, tmp_path):
    found = guard(start_server, Workspace.open(tmp_path))
    answers = [
        found.client.post("/api/start-hunt", {"N_grid": 33}, **found.token()) for _ in range(75)
    ]
    assert [each.status for each in answers[:60]] == 60 * [422]
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_nothing_that_the_server_says_or_keeps_holds_a_secret(guarded):
    login(guarded.client, "ada", "a wrong password")
    guarded.client.get(f"/api/runs?token={guarded.read}", **guarded.token("control"))
    said = "".join(guarded.said)
    root = guarded.access.path.parent
    kept = "".join(p.read_text(errors="replace") for p in root.rglob("*.*") if p.is_file())
    for secret in (PASSWORD, "a wrong password", guarded.control, guarded.read, guarded.cookie):
        assert secret not in said
        assert secret not in kept


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", ""])
def test_an_address_that_others_reach_needs_a_log_in(address):
    with pytest.raises(SettingsError, match=r"irer user add NAME.*--auth"):
        Doors(address=address)


@pytest.mark.parametrize("name", ["*", "evil.example:80", "a b", "", "{x}"])
def test_a_host_that_is_no_name_is_refused(name):
    with pytest.raises(SettingsError, match="host: got"):
        Doors(hosts=(name,))


def test_a_server_answers_to_the_names_that_it_was_given(start_server, tmp_path):
    command = ("engine.cli", "serve", "--port", "0", "--host", "irer.example.org")
    client = Client(start_server(*command, workspace=tmp_path).url)
    for host, status in (("irer.example.org", 200), ("IRER.example.org:443", 200), ("x.org", 421)):
        assert client.get("/api/get-constants", Host=host).status == status
    own = {"Host": "irer.example.org", "Origin": "https://irer.example.org"}
    assert client.post("/api/stop-hunt", **own).status == 409
    # A proxy that gives its own name for the host.
    assert client.post("/api/stop-hunt", Origin="https://irer.example.org").status == 409
    assert client.post("/api/stop-hunt", Origin="https://x.org").status == 403


@pytest.mark.parametrize("origin", ["*", "jupyter.example.org", "https://x; script-src *"])
def test_a_frame_that_is_no_origin_is_refused(origin):
    with pytest.raises(SettingsError, match="frame: got"):
        Doors(frames=(origin,))


def test_users_and_tokens_are_made_on_the_command_line(tmp_path, capsys):
    def irer(*arguments, said=""):
        return subprocess.run(
            [sys.executable, "-m", "engine.cli", *arguments, "--workspace", str(tmp_path)],
            input=said,
            capture_output=True,
            text=True,
        )

    assert irer("serve", "--auth").returncode == 2  # nobody could come in
    assert irer("user", "add", "ada", said=f"{PASSWORD}\n").stdout == "ada\n"
    assert irer("user", "add", "bob", said="short\n").returncode == 2
    token = irer("token", "create", "ci", "--scope", "control").stdout.strip()
    assert token.startswith("irer_")
    assert irer("token", "list").stdout.split()[:2] == ["ci", "control"]
    assert main(["token", "revoke", "ci", "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    assert irer("user", "remove", "ada").returncode == 0
    assert irer("user", "remove", "ada").returncode == 2
