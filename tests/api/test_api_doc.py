"""The examples of docs/api.md do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from api_client import SMALL, Client

DOC = Path(__file__).parents[2] / "docs" / "api.md"


def examples(language):
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def url(start_server):
    """A server whose hunt is over."""
    url = start_server().url
    client = Client(url)
    assert client.post("/api/start-hunt", SMALL).status == 202
    while client.get("/api/get-status").json["hunt_status"] != "completed":
        time.sleep(0.1)
    return url


def run(command, url, folder):
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "URL": url},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_python(url, tmp_path):
    first, second = examples("python")
    done = run([sys.executable, "-c", first], url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run.h5").read_bytes().startswith(b"\x89HDF")
    done = run([sys.executable, "-c", second], url, tmp_path)
    kinds = done.stdout.split()[::2]
    assert (*kinds[:2], kinds[-1]) == ("snapshot", "hunt_started", "hunt_completed")
    assert kinds.count("run_committed") == 6


def test_curl(url, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (script,) = examples("bash")
    done = run(["bash", "-e", "-c", script], url, tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"hunt_id"' in done.stdout
    assert "event: snapshot" in done.stdout


def event(url, seq):
    """The event of a number."""
    with urllib.request.urlopen(f"{url}/api/events?after={seq - 1}") as stream:
        told = (json.loads(line[6:]) for line in stream if line.startswith(b"data: "))
        return next(each for each in told if each.get("seq") == seq)


@pytest.mark.browser
def test_javascript(url, open_page):
    (script,) = examples("javascript")
    watched = open_page(url)  # the dashboard, under its policy
    state, seen = watched.page.evaluate(f"async () => {{ {script} }}")
    assert state in ("completed", "running", "starting", "stopped", "stopping")
    assert event(url, seen)["kind"] == "hunt_completed"


def test_every_path_is_in_the_table(url):
    described = Client(url).get("/api/openapi.json").json["paths"]
    table = DOC.read_text().replace("<id>", "{id}")
    for path in described:
        assert path in table or path.removeprefix("/api/") in table
