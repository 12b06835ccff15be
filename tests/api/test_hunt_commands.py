"""Starting and steering a hunt over HTTP, against a real server."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_client import LONG, SMALL, Client

from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.api.limits import NAMED


@pytest.fixture
def fresh(start_server):
    """A server on a new workspace."""
    served = start_server()
    return Client(served.url), Workspace.open(served.workspace)


def until(client, wanted, seconds=60):
    end = time.monotonic() + seconds
    while (status := client.get("/api/get-status").json)["hunt_status"] not in wanted:
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


def test_a_hunt_goes_from_start_to_its_final_result(fresh):
    client, _ = fresh
    assert client.get("/api/get-status").json["hunt_status"] == "idle"
    started = client.post("/api/start-hunt", SMALL)
    assert started.status == 202
    status = until(client, ("completed",))
    assert status["hunt_id"] == started.json["hunt_id"]
    assert status["runs_done"] == 6
    keys = client.get("/api/get-constants").json
    assert keys == {
        "HUNT_STATUS": "hunt_status",
        "LAST_EVENT": "last_event",
        "LAST_SSE": "last_sse",
        "LAST_STABILITY": "last_h_norm",
        "FINAL_RESULT": "final_result",
    }
    assert set(keys.values()) <= set(status)


def test_a_hunt_is_paused_resumed_and_stopped(fresh):
    client, _ = fresh
    assert client.post("/api/start-hunt", LONG).status == 202
    until(client, ("running",))
    assert client.post("/api/pause-hunt").status == 202
    assert client.get("/api/get-status").json["hunt_status"] == "paused"
    refused = client.post("/api/pause-hunt")
    assert (refused.status, refused.json["title"]) == (409, "Conflict")
    assert client.post("/api/resume-hunt", {}).status == 202
    assert client.post("/api/stop-hunt").status == 202
    assert until(client, ("stopped",))["runs_total"] == 3000
    assert client.post("/api/stop-hunt").status == 409


def test_of_fifty_starts_at_once_one_is_taken(fresh):
    client, workspace = fresh
    with ThreadPoolExecutor(50) as many:
        statuses = sorted(
            answer.status
            for answer in many.map(lambda _: client.post("/api/start-hunt", LONG), range(50))
        )
    assert statuses == [202] + 49 * [409]
    assert len(LedgerReader(workspace.ledger_path).hunts()) == 1
    client.post("/api/stop-hunt")
    until(client, ("stopped",))


def test_a_hunt_of_another_process_is_a_conflict_and_shown(fresh):
    client, workspace = fresh
    command = ["hunt", "--workspace", str(workspace.root), "--num-generations", "1000"]
    options = [text for k, v in LONG.items() if "_g" not in k for text in ("--set", f"{k}={v}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", *command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while client.get("/api/get-status").json["elsewhere"] == "":
            assert process.poll() is None
            time.sleep(0.05)
        refused = client.post("/api/start-hunt", SMALL)
        assert refused.status == 409
        assert f"process {process.pid}" in refused.json["detail"]
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert client.post("/api/start-hunt", SMALL).status == 202
    until(client, ("completed",))


def test_every_bad_field_is_named_at_once(client):
    refused = client.post(
        "/api/start-hunt",
        {
            "num_generations": 0,
            "population_size": "many",
            "N_grid": 33,
            "kappa_range": [0.1, 99],
            "strategy": "luck",
            "generatoins": 3,
            "precision": "float16",
            "scheduler": "tcp://192.0.2.1:8786",
        },
    )
    assert (refused.status, refused.headers["content-type"]) == (422, "application/problem+json")
    found = {error["field"]: error["detail"] for error in refused.json["errors"]}
    assert set(found) == {
        "num_generations",
        "population_size",
        "N_grid",
        "kappa_range",
        "strategy",
        "generatoins",
        "precision",
        "scheduler",
    }
    assert found["N_grid"] == "N_grid: got 33, expected an even number; try 34."
    assert "num_generations" in found["generatoins"]


def test_of_thousands_of_unknown_fields_some_are_named(client):
    wrong = {f"num_generation{number}": 1 for number in range(2500)} | {"N_grid": 33}
    refused = client.post("/api/start-hunt", wrong)
    found = [error["field"] for error in refused.json["errors"]]
    assert (refused.status, len(found), "N_grid" in found) == (422, 1 + NAMED, True)
    assert refused.json["detail"] == (
        f"2501 settings cannot be accepted; errors names {1 + NAMED} of them."
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kappa_range": [0.1, 0.01]}, "kappa_range"),
        ({"num_generations": 100_000, "population_size": 100_000}, "num_generations"),
        ({"model": "fmia"}, "model"),
        ({"search": "no_such_key=0:1"}, "search"),
    ],
)
def test_what_only_the_engine_can_tell_names_its_field_too(client, body, field):
    refused = client.post("/api/start-hunt", body)
    assert refused.status == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"dt": NaN}', "application/json", 400),
        (b'{"dt": 1e999}', "application/json", 400),
        (b'{"seed": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"a": ' + b"[" * 9 + b"]" * 9 + b"}", "application/json", 400),
        (b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "application/json", 400),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "application/json", 413),
        (b"x" * 900_000, "application/json", 413),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json; charset=utf-16", 415),
        (b"num_generations=1", "application/x-www-form-urlencoded", 415),
        (b"{}", None, 415),
    ],
)
def test_a_body_that_is_none_is_a_problem_document(client, body, kind, status):
    headers = {"Content-Length": str(len(body)), **({"Content-Type": kind} if kind else {})}
    refused = client.ask("POST", "/api/start-hunt", body, headers)
    assert (refused.status, refused.json["status"]) == (status, status)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json["detail"]


def test_a_body_in_pieces_is_bounded_too(client):
    headers = {"Content-Type": "application/json"}
    pieces = (b"x" * 10_000 for _ in range(20))
    assert client.ask("POST", "/api/start-hunt", pieces, headers).status == 413


def test_steering_takes_no_settings(client):
    refused = client.post("/api/stop-hunt", {"force": True})
    assert refused.status == 422
    assert refused.json["errors"][0]["field"] == "force"
