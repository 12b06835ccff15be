"""status.json: small for ever, and read back by who watches from another process."""

import dataclasses
import json

import pytest

from engine.live.bus import Bus
from engine.live.status import HuntStatus, StatusBoard, mirrored, read_status
from engine.settings import FAILURES, HuntSettings
from engine.store.workspace import Workspace

LIMIT = 64 * 1024
BEST = {"config_hash": "a" * 40, "fitness": 4.0, "params": {"param_kappa": 0.05}}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def long_hunt(**changes):
    """A status with a figure everywhere."""
    return HuntStatus(
        state="running",
        hunt_id="2026-11-21-999999",
        generation=10**9,
        num_generations=10**9,
        runs_done=10**18,
        runs_total=10**18,
        best=BEST,
        failures=dict.fromkeys(FAILURES, 10**18),
        settings=HuntSettings().to_dict(),
        **changes,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"error": "x" * 10**6},
        {"error": "𝔛" * 10**6, "last_event": "𝔛" * 10**6, "stalled": "𝔛" * 10**6},
    ],
    ids=["a long hunt", "a long error", "long texts of wide characters"],
)
def test_the_mirror_stays_small_whatever_the_hunt(workspace, changes):
    status = long_hunt(**changes)
    StatusBoard(workspace, Bus()).update(**{
        each.name: getattr(status, each.name) for each in dataclasses.fields(status)
    })  # fmt: skip
    assert workspace.status_path.stat().st_size < LIMIT
    seen = read_status(workspace.status_path)
    assert (seen.runs_done, seen.state, seen.best) == (10**18, "running", BEST)
    assert seen.settings == HuntSettings().to_dict()
    assert all(text[:20] == getattr(seen, name)[:20] for name, text in changes.items())


def test_settings_and_best_go_before_the_limit_does():
    settings = {f"{'key' * 20}{i}": "𝔛" * 1000 for i in range(400)}
    text = mirrored(dataclasses.replace(long_hunt(error="disk full"), settings=settings))
    assert len(text) < LIMIT
    assert json.loads(text)["error"] == "disk full"
    assert json.loads(text)["settings"] is None


def test_another_process_reads_what_was_mirrored(workspace):
    board = StatusBoard(workspace, Bus())
    status = board.update(state="running", hunt_id="x", runs_done=3, best=BEST, eta_s=1.5)
    assert read_status(workspace.status_path) == status


def damaged(status, **changes):
    return json.dumps({**status.to_dict(), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"state": "running"}',
        damaged(HuntStatus(), state=7),
        damaged(HuntStatus(), state="dancing"),
        damaged(HuntStatus(), best="none"),
        damaged(HuntStatus(), failures=[]),
        damaged(HuntStatus(), eta_s="soon"),
        damaged(HuntStatus(), rate=float("nan")),
        damaged(HuntStatus(), error="x" * LIMIT),
    ],
)
def test_a_mirror_that_is_none_is_not_believed(workspace, content):
    workspace.status_path.write_bytes(content)
    assert read_status(workspace.status_path) is None


def test_before_there_is_a_mirror_there_is_no_status(workspace):
    assert read_status(workspace.status_path) is None
