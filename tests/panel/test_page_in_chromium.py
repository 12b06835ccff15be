"""The page as a person meets it: at any width, by either command, and when things go wrong."""

import time

import pytest
from browsing import QUICK, TIMEOUT, becomes, fill, status_of

from engine.store.lock import WorkspaceLock

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(start_server):
    return start_server()


@pytest.fixture(scope="module")
def hunted(server, chromium):
    """A quick hunt with scores, started and awaited in a page."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(server.url)
    page.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Simulation").click()
    fill(page, {**QUICK, "Generations": "2", "Population size": "3"})
    page.get_by_text("2 × 3 = 6 runs").wait_for()
    page.get_by_role("button", name="Start").click()
    status_of(page).get_by_text("Completed").wait_for(timeout=3 * TIMEOUT)
    page.close()
    return server


def boxes(page, selector, count):
    found = page.locator(selector)
    found.nth(count - 1).wait_for(timeout=TIMEOUT)
    before = None
    while True:  # views join the page one by one: until it rests
        now = [found.nth(i).bounding_box() for i in range(count)]
        if now == before:
            return now
        before = now
        time.sleep(0.5)


def test_both_fields_are_square_and_stand_side_by_side(hunted, open_page):
    page, errors, foreign = open_page(hunted.url)
    rho, g_tt = boxes(page, ".bk-Figure", 2)
    assert rho["y"] == g_tt["y"]
    assert rho["x"] + rho["width"] <= g_tt["x"]
    frame = page.evaluate(
        """() => { const sizes = []
        const walk = (view) => {
          const {type, inner_width, inner_height} = view.model ?? {}
          if (type === "Figure") sizes.push([inner_width, inner_height])
          for (const child of view.children_views?.() ?? []) if (child) walk(child)
        }
        for (const root of Bokeh.index.roots) walk(root)
        return sizes }"""
    )
    assert len(frame) == 2
    for width, height in frame:
        assert width == pytest.approx(height, abs=2)
    assert not errors
    assert not foreign


@pytest.mark.parametrize("width", [1440, 800])
def test_every_column_of_the_run_list_is_in_sight(hunted, open_page, width):
    page, _, _ = open_page(hunted.url, width=width)
    page.get_by_role("button", name="Download JSON").wait_for(timeout=TIMEOUT)
    [table] = boxes(page, ".tabulator", 1)
    columns = boxes(page, ".tabulator-col:visible", 10)
    assert min(column["x"] for column in columns) >= table["x"]
    ends = max(column["x"] + column["width"] for column in columns)
    assert ends <= table["x"] + table["width"] + 1


def test_all_tabs_have_room_on_a_page_of_800_pixels(hunted, open_page):
    page, *_ = open_page(hunted.url, width=800)
    last = page.get_by_role("tab").last
    last.wait_for(timeout=TIMEOUT)
    box = last.bounding_box()
    assert box["x"] + box["width"] <= 800 - 16
    narrowest = min(tab.bounding_box()["width"] for tab in page.get_by_role("tab").all())
    assert narrowest >= 44


def test_at_800_pixels_the_sidebar_folds_and_the_fields_stack(hunted, open_page):
    page, errors, _ = open_page(hunted.url, width=800)
    rho, g_tt = boxes(page, ".bk-Figure", 2)
    assert rho["y"] + rho["height"] <= g_tt["y"]
    assert rho["x"] >= 0
    assert rho["x"] + rho["width"] <= 800
    table = page.locator(".tabulator").bounding_box()
    assert g_tt["y"] + g_tt["height"] <= table["y"], "the run list stands below the fields"
    start = page.get_by_role("button", name="Start")
    assert not start.is_visible()
    page.get_by_label("Open drawer").click()
    start.wait_for()
    assert not errors


def test_the_best_run_can_be_downloaded_as_the_json_that_is_shown(hunted, open_page):
    page, errors, _ = open_page(hunted.url)
    shown = page.locator("pre")
    shown.wait_for(timeout=TIMEOUT)
    with page.expect_download() as download:
        page.get_by_text("Download JSON").click()
    assert download.value.path().read_text() == shown.inner_text()
    assert download.value.suggested_filename.startswith("best_run_")
    assert not errors


def test_the_cell_under_the_cursor_is_read_out(hunted, open_page):
    page, *_ = open_page(hunted.url)
    box = boxes(page, ".bk-Figure", 2)[0]
    page.get_by_text("Drag to pan").wait_for()
    for step in range(20):
        page.mouse.move(box["x"] + 150 + step, box["y"] + 150)
        if page.get_by_text(" · g_tt −").count():
            break
        time.sleep(0.2)
    text = page.get_by_text(" · g_tt −").inner_text()
    assert text.startswith("x ")
    assert "ρ 0" in text


def test_what_the_engine_refuses_becomes_a_notification(hunted, open_page):
    page, errors, _ = open_page(hunted.url)
    page.get_by_role("button", name="Simulation").click(timeout=TIMEOUT)
    fill(page, {"N grid": "65536"})
    page.get_by_role("button", name="Start").click()
    page.get_by_role("alert").filter(has_text="65536").wait_for(timeout=TIMEOUT)
    becomes(page.get_by_role("button", name="Start").is_enabled)
    assert not errors


def test_a_hunt_of_another_process_disables_start_and_is_named(hunted, open_page):
    page, *_ = open_page(hunted.url)
    start = page.get_by_role("button", name="Start")
    start.wait_for(timeout=TIMEOUT)
    lock = WorkspaceLock(hunted.workspace).acquire("hunt")
    try:
        status_of(page).get_by_text("Running elsewhere").wait_for(timeout=TIMEOUT)
        page.get_by_text("Wait for its end").first.wait_for()
        becomes(start.is_disabled)
    finally:
        lock.release()
    status_of(page).get_by_text("Completed").wait_for(timeout=TIMEOUT)
    becomes(start.is_enabled)


def test_stop_keeps_what_is_done_and_says_so(hunted, open_page):
    page, errors, _ = open_page(hunted.url)
    fill(page, {"Generations": "50", "Population size": "4", "Seed": "5"})
    page.get_by_text("50 × 4 = 200 runs").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Start").click()
    stop = page.get_by_role("button", name="Stop", exact=True)
    status_of(page).get_by_text("Running").wait_for(timeout=TIMEOUT)
    stop.click()
    status_of(page).get_by_text("Stopped").wait_for(timeout=TIMEOUT)
    page.get_by_text("were done and are kept").wait_for()
    becomes(stop.is_disabled)
    assert not errors


def test_panel_serve_shows_the_same_page(start_server, open_page):
    served = start_server("panel", "serve", "dashboard.py", "--port", "0", "--address", "127.0.0.1")
    page, errors, foreign = open_page(served.url.removesuffix("/dashboard"))
    page.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Start").wait_for()
    assert status_of(page).inner_text() == "Idle"
    assert (served.workspace / "simulation_data").is_dir()
    assert not errors
    assert not foreign
