"""What the run list need not wait for comes when the browser has drawn, or says nothing."""

import threading

import pytest
from browsing import TIMEOUT, becomes

from engine.hunt.command import run
from irer_panel import drawn
from irer_panel.background import NoLoop

_HELD = """
window.held = []
const next = window.requestAnimationFrame
const within = (root, selector) => [...root.querySelectorAll("*")].reduce((count, each) => count
  + each.matches(selector) + (each.shadowRoot ? within(each.shadowRoot, selector) : 0), 0)
window.requestAnimationFrame = (call) => {
  if (!String(call).includes("send_msg")) { return next(call) }
  window.held.push([call, within(document, ".bk-Figure"), within(document, ".MuiAccordion-root")])
}"""


def test_it_calls_once_when_it_is_answered():
    calls: list[str] = []
    asked = drawn.Drawn(NoLoop())
    asked.then(lambda: calls.append("first"))
    asked.then(lambda: calls.append("second"))
    for answer in (2, 2, 7, None, "1", [1], {}):
        asked._handle_msg(answer)
    assert calls == ["second"]


def test_it_calls_once_when_nothing_answers(monkeypatch):
    monkeypatch.setattr(drawn, "PATIENCE", 0.05)
    calls, called = [], threading.Event()
    asked = drawn.Drawn(NoLoop())
    asked.then(lambda: (calls.append(1), called.set()))
    assert called.wait(10)
    asked._handle_msg(1)
    assert calls == [1]


@pytest.fixture(scope="module")
def address(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    run({"N_grid": 32, "T_steps": 60}, str(folder))
    return start_server(workspace=folder).url


@pytest.mark.browser
@pytest.mark.parametrize("answers", [True, False])
def test_the_second_field_and_the_folds_wait_for_the_list(address, open_page, answers):
    page, errors, _ = open_page("about:blank")
    said: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda it: said.append(str(it))))
    page.add_init_script(_HELD)
    page.goto(address)
    page.wait_for_function("window.held.length", timeout=TIMEOUT)
    [[figures, folds]] = page.evaluate("window.held.map((each) => each.slice(1))")
    assert figures < 2
    assert folds == 0
    if answers:
        page.evaluate("window.held[0][0]()")
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    becomes(lambda: page.locator(".bk-Figure").count() == 2)
    becomes(lambda: page.locator(".MuiAccordion-root").count() == 6)
    assert any("data_event" in each for each in said) == answers
    assert not errors
