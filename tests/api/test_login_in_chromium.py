"""Logging in as a new user does: by a link that a colleague sent, with a mistake, and out again."""

import pytest
from guarded import PASSWORD

from engine.store.access import Access

pytestmark = pytest.mark.browser
expect = pytest.importorskip("playwright.sync_api").expect

TIMEOUT = 60_000


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_colleagues_link_opens_behind_the_log_in(open_page, start_server, hunted, scheme):
    access = Access(hunted.root / f"access_{scheme}.json")
    access.add_user("ada", PASSWORD)
    command = ("engine.cli", "serve", "--port", "0", "--auth", str(access.path))
    url = start_server(*command, workspace=hunted.root).url
    page, _, foreign = open_page(url, 800)
    page.emulate_media(color_scheme=scheme)
    link = f"{url}/?tab=Spectrum&theme=light"
    page.goto(link)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("another")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    tab = page.get_by_role("tab", name="Spectrum")
    tab.wait_for(timeout=TIMEOUT)
    assert tab.get_attribute("aria-selected") == "true"
    assert "theme=light" in page.url
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for(timeout=TIMEOUT)
    page.goto(link)
    assert "/login?next=" in page.url
    assert foreign == []


def test_where_nobody_logs_in_nobody_logs_out(open_page, client):
    page, errors, _ = open_page(client.url)
    page.get_by_role("button", name="Help (?)").wait_for(timeout=TIMEOUT)
    assert page.get_by_role("link", name="Log out").count() == 0
    assert errors == []
