"""A run's artifact in H5Web, opened from the Audit tab of the page that is served."""

import h5py
import pytest
from browsing import TIMEOUT, becomes
from panel_samples import hunt_in

from engine.store.reader import LedgerReader

pytestmark = pytest.mark.browser

# Of the largest canvas: how many of its pixels have a colour, and how many colours there are.
DRAWN = """() => {
  const all = [...document.querySelectorAll("canvas")]
  const from = all.sort((a, b) => b.width * b.height - a.width * a.height)[0]
  if (!from || !from.width) return [0, 0]
  const copy = document.createElement("canvas")
  copy.width = copy.height = 64
  const pen = copy.getContext("2d")
  pen.drawImage(from, 0, 0, 64, 64)
  const found = pen.getImageData(0, 0, 64, 64).data
  const colours = new Set()
  let filled = 0
  for (let i = 0; i < found.length; i += 4) {
    if (found[i + 3]) { filled += 1; colours.add(found.slice(i, i + 3).join()) }
  }
  return [filled / 4096, colours.size]
}"""


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    workspace = hunt_in(tmp_path_factory.mktemp("h5web"))
    run = LedgerReader(workspace.ledger_path).runs()[0]["config_hash"]
    return start_server(workspace=workspace.root), workspace, run


def test_the_audit_tab_opens_the_artifact_at_its_density(served, open_page):
    server, workspace, run = served
    page, errors, foreign = open_page(f"{server.url}/?run={run}&tab=Audit")
    link = page.get_by_role("link", name="Open in H5Web")
    link.wait_for(timeout=TIMEOUT)
    asked, said = [], []
    page.context.on("request", lambda request: asked.append(request.url))
    page.context.on("console", lambda each: said.append((each.type, each.text)))
    with page.expect_popup(timeout=TIMEOUT) as opened:
        link.click()
    tab = opened.value
    tab.get_by_role("figure", name="ρ = |ψ|² at the end").wait_for(timeout=TIMEOUT)
    assert tab.url == f"{server.url}/h5web/{run}"
    with h5py.File(workspace.artifact_path(run)) as file:
        rho = file["final_rho"][()]
    ends = tab.locator("abbr").evaluate_all("all => all.map((each) => Number(each.title))")
    assert {float(rho.min()), float(rho.max())} <= set(ends)  # of its colour scale
    becomes(lambda: tab.evaluate(DRAWN)[1] > 8)
    ours = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    assert not [url for url in [*asked, *foreign] if not url.startswith(ours)]
    assert not [text for kind, text in said if kind == "error"]
    assert [url for url in asked if "/data?" in url and "final_rho&" in url]
    assert not errors
