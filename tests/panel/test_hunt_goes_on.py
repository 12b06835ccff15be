"""A hunt that is paused, stopped, killed and continued, and work on one run, in a browser."""

import os
import signal

import pytest
from browsing import QUICK, TIMEOUT, becomes, fill, pick, status_of

from engine.hunt.retention import evict
from engine.store.ledger import Ledger
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

pytestmark = pytest.mark.browser


def start_hunt(page, **values):
    """Press Start with the quick settings and these."""
    page.get_by_role("textbox", name="Generations").wait_for(timeout=TIMEOUT)
    simulation = page.get_by_role("button", name="Simulation")
    simulation.click()
    fill(page, {**QUICK, **values})
    simulation.click()
    page.get_by_text(f"{values['Generations']} × {values['Population size']} = ").wait_for()
    page.get_by_role("button", name="Start").click()


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_pause_resume_and_stop_follow_the_state(start_server, open_page):
    served = start_server()
    page, errors, _ = open_page(served.url)
    becomes(button(page, "Pause").is_disabled)
    start_hunt(page, **{"Generations": "50", "Population size": "4"})
    status_of(page).get_by_text("Running").wait_for(timeout=TIMEOUT)
    becomes(button(page, "Pause").is_enabled)
    button(page, "Pause").click()
    status_of(page).get_by_text("Paused").wait_for(timeout=TIMEOUT)
    page.get_by_text("Resume it, or stop it to start another").wait_for()
    button(page, "Resume").wait_for()
    becomes(button(page, "Start").is_disabled)

    second, *_ = open_page(served.url)
    button(second, "Resume").click(timeout=TIMEOUT)
    status_of(page).get_by_text("Running").wait_for(timeout=TIMEOUT)
    button(page, "Pause").click()
    status_of(second).get_by_text("Paused").wait_for(timeout=TIMEOUT)

    becomes(button(page, "Stop").is_enabled)
    button(page, "Stop").click()
    status_of(page).get_by_text("Stopped").wait_for(timeout=TIMEOUT)
    becomes(button(page, "Pause").is_disabled)
    page.get_by_role("button", name="Continue hunt").wait_for()
    assert not errors


def test_a_killed_hunt_is_named_and_goes_on_at_a_click(start_server, open_page):
    served = start_server()
    page, *_ = open_page(served.url)
    start_hunt(page, **{"Generations": "8", "Population size": "3"})
    reader = LedgerReader(served.workspace / "simulation_ledger.sqlite")
    becomes(lambda: len(reader.runs()) >= 4, 120)
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()
    hunt = reader.latest_hunt()
    assert hunt["state"] == "running"
    kept = len(reader.runs(hunt["hunt_id"]))

    again = start_server(workspace=served.workspace)
    page, errors, _ = open_page(again.url)
    status_of(page).get_by_text("Interrupted").wait_for(timeout=TIMEOUT)
    page.get_by_text(f"{kept} of 24 runs were done and are kept").wait_for()
    page.get_by_role("button", name=f"Continue hunt {hunt['hunt_id']}").click()
    status_of(page).get_by_text("Running").wait_for(timeout=TIMEOUT)
    becomes(lambda: not page.get_by_role("button", name="Continue hunt").is_visible())
    status_of(page).get_by_text("Completed").wait_for(timeout=3 * TIMEOUT)
    assert len(reader.hunts()) == 1
    assert len(reader.runs(hunt["hunt_id"])) == 24
    assert not errors


def test_the_best_run_is_promoted_and_an_evicted_one_re_created(start_server, open_page):
    served = start_server()
    page, errors, _ = open_page(served.url)
    start_hunt(page, **{"Generations": "2", "Population size": "3"})
    status_of(page).get_by_text("Completed").wait_for(timeout=3 * TIMEOUT)
    workspace = Workspace.open(served.workspace)
    reader = LedgerReader(workspace.ledger_path)
    best = reader.best()["config_hash"]

    promote = button(page, "Promote to N = 64")
    becomes(promote.is_enabled)
    promote.click()
    page.get_by_text(f"Promoting run {best[:8]}").first.wait_for(timeout=TIMEOUT)
    becomes(button(page, "Start").is_disabled)
    conclusion = page.locator("[data-promotion]")
    conclusion.wait_for(timeout=3 * TIMEOUT)
    promoted = conclusion.get_attribute("data-promotion")
    assert reader.links(best)[0]["config_hash"] == promoted
    assert reader.run(promoted)["config"]["N_grid"] == 64
    assert "onverged:" in conclusion.inner_text()
    becomes(button(page, "Start").is_enabled)

    artifact = workspace.artifact_path(best)
    with Ledger(workspace.ledger_path) as ledger:
        evict(workspace, ledger, [best])
    assert not artifact.exists()
    page, errors, _ = open_page(served.url)
    pick(page, best)
    page.get_by_text(f"The fields of run {best[:8]} were evicted").wait_for(timeout=TIMEOUT)
    button(page, "Re-create").click()
    page.locator(".bk-Figure").nth(1).wait_for(timeout=3 * TIMEOUT)
    becomes(lambda: not button(page, "Re-create").is_visible())
    size = read_provenance(workspace.provenance_path(best))["artifact"]["bytes"]
    assert artifact.stat().st_size == size
    assert reader.run(best)["evicted"] is None
    assert not errors
