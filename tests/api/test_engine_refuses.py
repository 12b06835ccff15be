"""What the engine refuses is told as a refusal, never as a failure of the server."""

import pytest
from api_client import Client, Listener
from guarded import PASSWORD, guard, login

from engine.store.ledger import Ledger
from engine.store.workspace import Workspace


@pytest.fixture
def spoiled(start_server):
    """A server whose ledger became something else."""
    served = start_server()
    workspace = Workspace.open(served.workspace)
    Ledger(workspace.ledger_path).close()
    for path in workspace.root.glob(f"{workspace.ledger_path.name}*"):
        path.unlink()
    workspace.ledger_path.write_bytes(5000 * b"x")
    return Client(served.url), workspace


def test_a_ledger_that_cannot_be_read_is_a_503_and_its_repair_ends_that(spoiled):
    client, workspace = spoiled
    for path in ("/api/events", "/api/events?after=3", "/api/runs"):
        refused = client.get(path)
        assert (refused.status, refused.headers["content-type"]) == (
            503,
            "application/problem+json",
        )
        assert "expected a working ledger" in refused.json["detail"]
    workspace.ledger_path.unlink()
    with Listener(client) as listener:
        assert next(iter(listener)).event == "snapshot"


def test_an_access_file_that_is_damaged_lets_nobody_in_and_says_so(start_server, tmp_path):
    found = guard(start_server, Workspace.open(tmp_path))
    kept = found.access.path.read_bytes()
    for damage in ("{", '{"users": {"ada": {"salt": "x", "hash": ""}}, "tokens": {}}'):
        found.access.path.write_text(damage)
        for headers in ({"Cookie": found.cookie}, found.token()):
            refused = found.client.get("/api/runs", **headers)
            assert (refused.status, refused.headers["content-type"]) == (
                503,
                "application/problem+json",
            )
        shown = login(found.client, "ada", PASSWORD)
        assert (shown.status, "set-cookie" in shown.headers) == (503, False)
        assert b"Nobody can log in now" in shown.body
        assert found.client.get("/", Cookie=found.cookie).status == 401
        assert found.client.get("/login").status == 200
    found.access.path.write_bytes(kept)
    assert login(found.client).status == 303
    assert "Traceback" not in "".join(found.said)
