"""A link reopens the view that it was taken from, and a broken one harms nobody."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from browsing import TIMEOUT, becomes, pick
from compared_panes import PANES
from panel_samples import hunt_in

from engine.store.reader import LedgerReader
from irer_panel.link import MAX_LENGTH, query_of, wanted_of, wanted_run
from irer_panel.moment import wanted_moment

RUN = "0123456789abcdef0123456789abcdef01234567"


def test_a_query_is_read_as_it_was_written():
    state = {"run": RUN, "tab": "Live", "empty": ""}
    assert query_of(state) == f"run={RUN}&tab=Live"
    assert wanted_of({"run": [RUN.encode()], "tab": [b"first", b"Live"]}) == {
        "run": RUN,
        "tab": "Live",
    }


@pytest.mark.parametrize(
    "arguments",
    [{"run": []}, {"run": [b"\xff\xfe"]}, {"run": [b"a" * (MAX_LENGTH + 1)]}, {}],
)
def test_what_is_no_text_is_left_out(arguments):
    assert wanted_of(arguments) == {}


@pytest.mark.parametrize("run", ["", "abc", RUN.upper(), RUN + "0", "../../etc/passwd", RUN + "\n"])
def test_only_an_id_names_a_run(run):
    assert wanted_run({"run": run}) == ""
    assert wanted_run({"run": RUN}) == RUN


def test_a_link_names_a_time_of_its_run():
    moment, remark = wanted_moment({"t": "12.5"}, RUN)
    assert (moment.of(RUN), moment.of("0" * 40), remark) == (12.5, None, "")
    assert wanted_moment({"t": "12.5"}, "")[0].of("") is None  # a time of no run
    assert wanted_moment({}, RUN)[0].of(RUN) is None


@pytest.mark.parametrize("text", ["soon", "nan", "-inf", "1,5"])
def test_a_time_that_is_none_is_left_out_in_words(text):
    moment, remark = wanted_moment({"t": text}, RUN)
    assert moment.of(RUN) is None
    assert remark == f"t: got {text!r}, expected a time such as 12.5; it was left out."


@pytest.mark.browser
def test_a_reload_shows_the_same_time_and_says_what_of_a_link_is_wrong(
    start_server, open_page, tmp_path
):
    workspace = hunt_in(tmp_path)
    run = LedgerReader(workspace.ledger_path).runs(order="")[0]["config_hash"]
    served = start_server(workspace=workspace.root)
    page, errors, _ = open_page(f"{served.url}/?run={run}&tab=Time")
    at_the_end = page.get_by_text("t = 4 · step 40")
    at_the_end.wait_for(timeout=TIMEOUT)
    page.locator("body").click(position={"x": 5, "y": 300})
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"[?&]t=[0-9.]+"))
    at_the_end.wait_for(state="hidden")
    page.reload()
    page.get_by_text("t = 3.8 · step 38").wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**/?run={run}&tab=Time&t=3.8*")
    assert errors == []
    wrong = open_page(f"{served.url}/?run={run}&t=soon").page
    wrong.get_by_text("t: got 'soon', expected a time").wait_for(timeout=TIMEOUT)


@pytest.mark.browser
def test_a_reload_and_a_colleague_see_the_same_run_and_tab(start_server, open_page, tmp_path):
    workspace = hunt_in(tmp_path)
    oldest = LedgerReader(workspace.ledger_path).runs(order="")[0]["config_hash"]
    served = start_server(workspace=workspace.root)
    page, errors, foreign = open_page(served.url)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    assert page.url.rstrip("/") == served.url, "the newest run and the first tab need no words"
    pick(page, oldest)
    page.get_by_role("tab", name="Log").click()
    page.get_by_text("generation 1 of").wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**/?run={oldest}&tab=Log")
    page.reload()
    page.get_by_text("generation 1 of").wait_for(timeout=TIMEOUT)
    page.get_by_text(f"Run {oldest[:8]}").first.wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**/?run={oldest}&tab=Log")
    page.get_by_role("button", name="Toggle theme").click()
    page.wait_for_url(f"**/?run={oldest}&tab=Log&theme=light")
    other = open_page(page.url).page
    other.get_by_text("generation 1 of").wait_for(timeout=TIMEOUT)
    other.get_by_text(f"Run {oldest[:8]}").first.wait_for(timeout=TIMEOUT)
    assert other.evaluate(ground) != dark
    broken = open_page(f"{served.url}/?run=<script>&tab=Nothing&run=zz").page
    broken.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    unknown = open_page(f"{served.url}/?run={RUN}").page
    unknown.get_by_text("artifact").first.wait_for(timeout=TIMEOUT)
    assert errors == []
    assert [address for address in foreign if not address.startswith(served.url)] == []


@pytest.mark.browser
def test_a_colleague_sees_the_same_comparison_list_and_menus(start_server, open_page, tmp_path):
    workspace = hunt_in(tmp_path)
    runs = [row["config_hash"] for row in LedgerReader(workspace.ledger_path).runs(order="-")]
    served = start_server(workspace=workspace.root)
    asked = {
        "tab": "Compare",
        "compare": ",".join(runs[:2]),
        "panes": "g_tt:max:coolwarm:linear:own",
        "panes.x": "20:40",
        "panes.y": "50:60",
        "sort": "-log_prime_sse",
        "status": "ok",
        "range": "log_prime_sse:0:1000",
        "film": "g_tt",
        "figure": "n_peaks",
        "profiles": "on",
    }
    page, errors, _ = open_page(f"{served.url}/?{query_of(asked)}")
    becomes(lambda: len(page.evaluate(PANES)) == 2, 60)
    becomes(lambda: {tuple(each["range"]) for each in page.evaluate(PANES)} == {(20, 40)})
    becomes(lambda: all(19 <= each["left"] <= 20 for each in page.evaluate(PANES)))
    assert len({(each["low"], each["high"]) for each in page.evaluate(PANES)}) == 2, "own limits"
    assert page.get_by_role("switch", name="Profiles").is_checked()
    for name, shown in (("Field", "final_g_tt"), ("Colour map", "coolwarm")):
        assert shown in page.get_by_role("combobox", name=name, exact=True).last.inner_text()
    page.get_by_role("switch", name="Own limits").click()
    page.wait_for_url(re.compile("panes=g_tt:max:coolwarm:linear:all"))
    page.get_by_role("tab", name="Runs").click()
    first = LedgerReader(workspace.ledger_path).runs(order="-log_prime_sse")[0]["config_hash"]
    page.locator(f".tabulator-row:first-child span[title='{first}']").wait_for(timeout=TIMEOUT)
    assert page.get_by_role("textbox", name="to", exact=True).input_value() == "1000"
    page.get_by_role("tab", name="Time").click()
    page.get_by_role("button", name="g_tt", pressed=True).wait_for(timeout=TIMEOUT)
    page.get_by_role("tab", name="Hunt").click()
    page.get_by_role("combobox", name="Figure").get_by_text("Peaks").wait_for(timeout=TIMEOUT)
    kept = {"tab": "Hunt", **{name: asked[name] for name in ("sort", "film", "figure", "profiles")}}
    shown = dict(parse_qsl(urlsplit(page.url).query))
    assert {name: shown.get(name) for name in kept} == kept
    wrong = open_page(f"{served.url}/?sort=luck&film=psi").page
    wrong.get_by_text("sort: got 'luck', expected words such as fitness").wait_for(timeout=TIMEOUT)
    wrong.get_by_text("film: got 'psi', expected one of rho, g_tt").wait_for(timeout=TIMEOUT)
    assert errors == []
