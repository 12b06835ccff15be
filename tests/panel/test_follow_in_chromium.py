"""Two servers over one workspace: one hunts, the other shows it live and lets it be."""

import pytest
from browsing import QUICK, TIMEOUT, becomes, fill, status_of

pytestmark = pytest.mark.browser

FOLLOW = ("engine.cli", "serve", "--follow", "--port", "0")


def test_a_dashboard_that_follows_shows_the_hunt_of_another_and_its_buttons_are_off(
    start_server, open_page
):
    hunting = start_server()
    following = start_server(*FOLLOW, workspace=hunting.workspace)
    other = start_server(workspace=hunting.workspace)
    ours, theirs, third = (open_page(s.url) for s in (hunting, following, other))
    for each in (ours, theirs, third):
        each.page.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)
    theirs.page.get_by_text("This dashboard only follows").first.wait_for(timeout=TIMEOUT)
    buttons = [theirs.page.get_by_role("button", name=n) for n in ("Start", "Pause", "Stop")]
    becomes(lambda: all(button.first.is_disabled() for button in buttons))
    ours.page.get_by_role("button", name="Simulation").click()
    fill(ours.page, {**QUICK, "Generations": "100", "Population size": "4"})
    ours.page.get_by_text("100 × 4 = 400 runs").wait_for()
    ours.page.get_by_role("button", name="Start").click()
    for each in (theirs, third):
        status_of(each.page).get_by_text("Running elsewhere").wait_for(timeout=TIMEOUT)
        each.page.locator(".header .words").get_by_text("runs/s").first.wait_for(timeout=TIMEOUT)
        becomes(lambda each=each: each.page.locator(".tabulator-row").count() >= 3)
    assert all(button.first.is_disabled() for button in buttons)
    ours.page.get_by_role("button", name="Pause").click()
    for each in (theirs, third):
        status_of(each.page).get_by_text("Paused elsewhere").wait_for(timeout=TIMEOUT)
    ours.page.get_by_role("button", name="Stop", exact=True).click()
    for each in (ours, theirs, third):
        status_of(each.page).get_by_text("Stopped").wait_for(timeout=TIMEOUT)
    becomes(third.page.get_by_role("button", name="Start").is_enabled)
    assert all(button.first.is_disabled() for button in buttons)
    for each in (ours, theirs, third):
        assert each.errors == []
