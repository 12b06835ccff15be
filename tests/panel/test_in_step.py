"""A widget shows what was said of it last, at whatever moment it was said."""

import pytest
from said_late import AT_ONCE, TWICE

pytestmark = pytest.mark.browser


def test_a_widget_shows_what_was_said_last(start_server, open_page):
    page, errors, _ = open_page("about:blank")
    page.add_init_script(f"({AT_ONCE})()")
    told = []
    page.on("websocket", lambda way: way.on("framesent", lambda each: told.append(str(each))))
    page.goto(start_server().url)
    page.get_by_role("button", name="Said at once").wait_for()
    page.evaluate(TWICE)
    page.get_by_role("button", name="Start", exact=True).wait_for()
    assert not any("Said" in each for each in told)  # it was for the server to say
    assert not errors
