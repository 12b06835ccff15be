"""The keys of the page, pressed in a browser; and what has the focus keeps those that it needs."""

import re

import pytest
from audited_hunt import hunted
from browsing import TIMEOUT, becomes

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    engine = hunted(folder, num_generations=4, population_size=4, history_frames=5)
    engine.close()
    rows = [row["config_hash"] for row in engine.reader.runs(order="-")]
    return start_server(workspace=folder), list(dict.fromkeys(rows)), engine.reader


@pytest.fixture
def page(served, open_page):
    page, errors, foreign = open_page(served[0].url)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Download JSON").wait_for(timeout=TIMEOUT)
    becomes(lambda: selected(page) == served[1][0])
    yield page
    assert not errors
    assert not foreign


def selected(page):
    return page.locator(".run code").first.get_attribute("title")


def shows(page, run):
    becomes(lambda: selected(page) == run)


def frame(page):
    shown = page.get_by_text(re.compile("frame [0-9]+ of [0-9]+")).first.inner_text()
    return shown.split("frame ")[1]


def test_runs_are_walked_by_key_and_by_button_to_the_ends(served, page):
    _, runs, _ = served
    back = page.get_by_role("button", name="Previous run (K)")
    on = page.get_by_role("button", name="Next run (J)")
    becomes(on.is_enabled)
    assert back.is_disabled()
    for key, at in (("j", 1), ("ArrowDown", 2), ("k", 1), ("J", 2), ("ArrowUp", 1)):
        page.keyboard.press(key)
        shows(page, runs[at])
    on.click()
    shows(page, runs[2])
    becomes(back.is_enabled)
    back.click()
    shows(page, runs[1])
    page.keyboard.press("Home")
    shows(page, runs[0])
    becomes(back.is_disabled)
    page.keyboard.press("End")
    becomes(on.is_disabled)
    assert selected(page) == served[2].runs(order="", limit=1)[0]["config_hash"]
    page.locator(".tabulator-row.tabulator-selected").first.wait_for(timeout=TIMEOUT)
    page.get_by_text("11–16 of 16 runs").wait_for(timeout=TIMEOUT)


def test_the_order_of_the_list_is_that_of_the_keys(served, page):
    page.locator(".tabulator-col-title", has_text="SSE").click()
    ordered = served[2].runs(order="log_prime_sse")
    first = ordered[0]["config_hash"]
    page.locator(f".tabulator-row:first-child span[title='{first}']").wait_for(timeout=TIMEOUT)
    page.keyboard.press("Home")
    shows(page, first)
    page.keyboard.press("j")
    shows(page, next(row["config_hash"] for row in ordered if row["config_hash"] != first))


def test_a_key_that_is_held_arrives_where_it_was_let_go(served, page):
    _, runs, _ = served
    page.keyboard.down("ArrowDown")
    for _ in range(40):
        page.keyboard.down("ArrowDown")  # as a browser repeats it
    page.keyboard.up("ArrowDown")
    shows(page, served[2].runs(order="", limit=1)[0]["config_hash"])
    page.keyboard.press("Home")
    shows(page, runs[0])


def test_a_key_ticks_the_selected_run_for_comparison_and_unticks_it(served, page):
    _, runs, _ = served
    ticked = page.locator(".tabulator-row", has=page.get_by_role("checkbox", checked=True))
    for count in (1, 2):
        page.keyboard.press("x")
        page.get_by_text(f"{count} of 4").wait_for(timeout=TIMEOUT)
        becomes(lambda count=count: ticked.count() == count)
        page.keyboard.press("j")
        shows(page, runs[count])
    page.keyboard.press("k")
    shows(page, runs[1])
    page.keyboard.press("X")
    page.get_by_text("1 of 4").wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**/?run={runs[1]}&compare={runs[0]}")
    low = page.get_by_role("textbox", name="from", exact=True)
    low.focus()
    page.keyboard.press("x")
    assert low.input_value() == "x"
    low.fill("")
    low.blur()
    page.keyboard.press("3")
    page.get_by_role("tab", name="Hunt", selected=True).wait_for(timeout=TIMEOUT)
    for count in (2, 3, 4):
        page.keyboard.press("x")
        page.get_by_text(f"{count} of 4 runs are marked.").wait_for(timeout=TIMEOUT)
        page.keyboard.press("j")
        shows(page, runs[count])
    page.keyboard.press("x")
    page.get_by_text(f"Run {runs[4][:8]} was not marked: got a fifth").wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**&compare={','.join(runs[:4])}")


def test_what_has_the_focus_keeps_the_keys_that_it_needs(served, page):
    _, runs, _ = served
    page.keyboard.press("j")
    shows(page, runs[1])
    low = page.get_by_role("textbox", name="from", exact=True)
    low.focus()
    for key in ("j", "k", "ArrowDown", "1", "?", "d", "Home"):
        page.keyboard.press(key)
    assert "j" in low.input_value()
    low.fill("")
    low.blur()
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("listbox").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.get_by_role("listbox").wait_for(state="detached")
    for chord in ("Control+j", "Alt+k", "Meta+ArrowDown"):
        page.keyboard.press(chord)
    page.get_by_role("heading", name="Help").wait_for(state="hidden")
    page.get_by_role("tab", name="Runs").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    becomes(lambda: page.get_by_role("tab", name="Compare").evaluate("(e) => e.matches(':focus')"))
    page.keyboard.press("3")
    page.get_by_role("tab", name="Hunt", selected=True).wait_for(timeout=TIMEOUT)
    page.keyboard.press("j")
    shows(page, runs[2])


def test_the_players_keys_work_in_its_tab_and_its_slider_keeps_the_arrows(served, page):
    _, runs, _ = served
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Time").click()
    page.get_by_text("frame 6 of 6").wait_for(timeout=TIMEOUT)
    for key, shown in (("ArrowLeft", "5 of 6"), ("ArrowLeft", "4 of 6"), ("ArrowRight", "5 of 6")):
        page.keyboard.press(key)
        becomes(lambda shown=shown: frame(page) == shown)
    page.keyboard.press("l")
    page.get_by_role("button", name="Loop", pressed=True).wait_for()
    page.keyboard.press("l")
    page.get_by_role("button", name="Once", pressed=True).wait_for()
    page.keyboard.press(" ")
    becomes(lambda: frame(page) == "6 of 6")

    page.get_by_role("button", name="Once", pressed=True).wait_for()
    page.locator("button.pause.MuiIconButton-colorPrimary").wait_for()  # It has ended.
    page.keyboard.press(" ")
    becomes(lambda: frame(page) != "6 of 6")
    page.get_by_role("button", name="Loop").click()  # No end then comes before the key that holds.
    page.get_by_role("button", name="Loop", pressed=True).wait_for()
    page.locator("button.pause").click()
    held = frame(page)
    page.keyboard.press(" ")
    becomes(lambda: frame(page) != held)
    page.keyboard.press(" ")
    page.locator("button.pause.MuiIconButton-colorPrimary").wait_for()  # It is held.
    page.get_by_role("slider", name="Player").focus()
    for key, shown in (("Home", "1 of 6"), ("ArrowUp", "2 of 6")):
        page.keyboard.press(key)
        becomes(lambda shown=shown: frame(page) == shown)
    page.wait_for_timeout(1500)
    assert frame(page) == "2 of 6"
    assert selected(page) == runs[0]
    page.keyboard.press("l")
    page.get_by_role("button", name="Once", pressed=True).wait_for()


@pytest.fixture
def film(served, open_page):
    """The film of a run at its end; while `held`, nothing that the server says arrives."""
    page, errors, _ = open_page("about:blank")
    waiting = []

    def pass_on(socket):
        server = socket.connect_to_server()
        server.on_message(lambda m: waiting.append((socket, m)) if page.held else socket.send(m))

    page.held = False
    page.route_web_socket("**/ws*", pass_on)
    page.goto(f"{served[0].url}?tab=Time")
    page.get_by_text("frame 6 of 6").wait_for(timeout=TIMEOUT)
    yield page
    page.held = False
    for socket, message in waiting:
        socket.send(message)
    assert not errors


def at(page):
    return int(page.get_by_role("slider", name="Player").input_value())


def test_a_film_starts_anew_at_its_end_whatever_the_server_takes_and_is_held_at_once(film):
    film.held = True
    film.locator("button.play").click()
    becomes(lambda: at(film) < 5)
    film.locator("button.pause").click()
    held = at(film)
    film.wait_for_timeout(600)
    assert at(film) == held < 5
    film.locator("button.play").click()
    becomes(lambda: at(film) == 5)
    film.wait_for_timeout(600)
    assert at(film) == 5, "once"
    film.locator("button.reverse").click()
    becomes(lambda: at(film) == 0)
    film.wait_for_timeout(600)
    film.locator("button.reverse").click()
    becomes(lambda: at(film) > 0)


def test_the_help_opens_and_closes_by_key_and_button(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Help")
    dialog.wait_for(timeout=TIMEOUT)
    dialog.get_by_role("heading", name="Null hypotheses").wait_for()
    dialog.get_by_text("next run of the list").wait_for()
    before = selected(page)
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert selected(page) == before
    page.get_by_role("button", name="Help (?)").click()
    dialog.wait_for()
    dialog.get_by_role("button", name="Close (Esc)").click()
    dialog.wait_for(state="hidden")


def test_digits_open_tabs_and_d_turns_the_light_on(page):
    page.keyboard.press("5")
    page.get_by_role("tab", name="Audit", selected=True).wait_for(timeout=TIMEOUT)
    becomes(lambda: "tab=Audit" in page.evaluate("location.search"))
    page.keyboard.press("9")
    page.get_by_role("tab", name="Log", selected=True).wait_for()
    page.keyboard.press("5")
    page.keyboard.press("d")
    becomes(lambda: "theme=light" in page.evaluate("location.search"))
    page.locator(".mui-light").first.wait_for(state="attached", timeout=TIMEOUT)
    page.keyboard.press("d")
    becomes(lambda: "theme=light" not in page.evaluate("location.search"))
    page.get_by_role("tab", name="Audit", selected=True).wait_for()
