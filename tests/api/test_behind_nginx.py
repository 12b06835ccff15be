"""The server behind the nginx of docs/deploy.md, with TLS, as people and scripts reach it."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from api_client import SMALL, Client, Listener
from guarded import PASSWORD

from engine.store.access import Access
from tests.conftest import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser
sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright

DOC = Path(__file__).parents[2] / "docs" / "deploy.md"
NAME = "irer.example.org"
PREFIX = "/user/ada/irer/"
"""As a hub shows it, which hands the rest of the path on."""

TIMEOUT = 60_000
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
{server}
}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def certificate(folder):
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    subprocess.run(command, check=True, capture_output=True)


def pin(folder):
    """What Chromium knows that certificate by; an error that it overlooks has it ask anew."""
    key = ["openssl", "x509", "-in", str(folder / "chain.pem"), "-pubkey", "-noout"]
    public = subprocess.run(key, check=True, capture_output=True, text=True).stdout
    coded = "".join(public.splitlines()[1:-1])
    return b64encode(sha256(b64decode(coded)).digest()).decode()


def documented(folder, port, behind):
    """The server block of the document, for this machine."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DOC.read_text(), re.DOTALL)
    for there, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": f"{folder}/chain.pem",
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": f"{folder}/key.pem",
        "127.0.0.1:5006": behind,
    }.items():
        assert there in block
        block = block.replace(there, here)
    (page,) = re.findall(r"location / \{\n(.*?)\}", block, re.DOTALL)
    shifted = page.replace(f"http://{behind};", f"http://{behind}/;")
    return block.rstrip().removesuffix("}") + f"location {PREFIX} {{ {shifted} }} }}"


class Through(http.client.HTTPSConnection):
    """A connection to the name under which nginx shows the server."""

    def __init__(self, folder, port):
        super().__init__(NAME, timeout=60)
        self.trusted = ssl.create_default_context(cafile=folder / "chain.pem")
        self.place = ("127.0.0.1", port)

    def connect(self):
        raw = socket.create_connection(self.place, self.timeout)
        self.sock = self.trusted.wrap_socket(raw, server_hostname=NAME)


class Proxied(Client):
    """Requests to that name."""

    def __init__(self, folder, port):
        super().__init__(f"https://{NAME}")
        self.folder, self.port = folder, port

    def connect(self):
        return Through(self.folder, self.port)


@pytest.fixture(scope="module")
def workspace(hunted, tmp_path_factory):
    """One of its own: a hunt is started in it."""
    return shutil.copytree(hunted.root, tmp_path_factory.mktemp("nginx") / "workspace")


@pytest.fixture(scope="module")
def access(workspace):
    access = Access(workspace / "access_nginx.json")
    access.add_user("ada", PASSWORD)
    return access


@pytest.fixture(scope="module")
def served(start_server, workspace, access):
    options = ("--auth", str(access.path), "--host", NAME, "--proxied")
    return start_server("engine.cli", "serve", "--port", "0", *options, workspace=workspace)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory, served):
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    certificate(folder)
    block = documented(folder, port, urlsplit(served.url).netloc)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, server=block))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    asked = Proxied(folder, port)
    until = time.monotonic() + 30
    while True:
        try:
            asked.get("/login")
        except OSError:
            assert process.poll() is None, "nginx ended; what it said stands above"
            assert time.monotonic() < until, "nginx does not answer"
            time.sleep(0.05)
        else:
            break
    yield asked
    process.terminate()
    process.wait(timeout=30)


def test_a_hunt_is_started_and_followed(proxied, access):
    token = {"Authorization": f"Bearer {access.create_token('ci', 'control')}"}
    with Listener(proxied, **token) as told:
        kinds = (each.data.get("kind", each.event) for each in told)
        assert next(kinds) == "snapshot"
        answer = proxied.post("/api/start-hunt", {**SMALL, "seed": 11}, **token)
        assert answer.status == 202, answer.body
        seen = [next(kinds)]
        while seen[-1] != "hunt_completed":
            seen.append(next(kinds))
    assert seen.count("run_committed") == 6


@pytest.mark.parametrize("path", ["/", "/api/get-status", "/static/js/bokeh.min.js", "/api/events"])
def test_a_stranger_gets_nothing(proxied, path):
    assert proxied.get(path).status == 401


def test_the_log_knows_who_asked(proxied, served):
    """The address of who asked nginx, whatever the request claims."""
    proxied.get("/no-such-page", X_Real_IP="203.0.113.7")
    until = time.monotonic() + 30
    while not (lines := [line for line in served.said if "/no-such-page" in line]):
        assert time.monotonic() < until, "".join(served.said)
        time.sleep(0.05)
    assert "(127.0.0.1)" in lines[0]


@pytest.mark.parametrize("place", ["/", PREFIX])
def test_the_page_opens_by_its_name(proxied, place):
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there; install Debian's chromium")
    rules = [f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{proxied.port}"]
    rules += [f"--ignore-certificate-errors-spki-list={pin(proxied.folder)}"]
    errors, foreign = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *rules])
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and errors.append(said.text))
        page.on("requestfailed", lambda asked: print(f"{asked.url}: {asked.failure}"))
        ours = (f"https://{NAME}{place}", f"wss://{NAME}{place}", "data:", "blob:")
        page.on("request", lambda asked: asked.url.startswith(ours) or foreign.append(asked.url))
        page.on("websocket", lambda made: made.url.startswith(ours) or foreign.append(made.url))
        page.goto(f"https://{NAME}{place}?tab=Runs")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.locator(".tabulator-row").first.wait_for()  # which came by the socket
        assert page.url.startswith(f"https://{NAME}{place}?tab=Runs")
        (cookie,) = [each for each in context.cookies() if each["name"] == "irer_user"]
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert cookie["path"] == (place.rstrip("/") or "/")  # no other server's behind the name
        page.locator("a", has_text="IRER").click()
        page.locator(".tabulator-row").first.wait_for()
        assert page.url.split("?")[0] == f"https://{NAME}{place}"
        page.get_by_role("link", name="Log out").click()
        page.get_by_role("button", name="Log in").wait_for()
        assert not [each for each in context.cookies() if each["name"] == "irer_user"]
        browser.close()
    assert errors == []
    assert foreign == []
