"""What a stranger does first, in Debian's Chromium on a real server: the issue's own words."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from engine.settings import RunConfig
from engine.store.artifact import open_artifact
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

pytestmark = pytest.mark.browser

SECONDS = 1000.0
TIMEOUT = 180 * SECONDS

# The pixels that a plot was sent, not those on the screen: what the server rasterized.
RASTERS = """() => {
  const found = []
  const walk = (view) => {
    const model = view.model
    if (model?.type === "Figure") {
      for (const renderer of model.renderers) {
        if (renderer.glyph?.type !== "Image") continue
        const data = renderer.data_source.data
        const image = data.image[0]
        const values = image.array ?? image
        found.push({shape: image.shape, values: Array.from(values).slice(0, 4096),
          x: data.x[0], y: data.y[0], dw: data.dw[0], dh: data.dh[0],
          x_range: [model.x_range.start, model.x_range.end],
          y_range: [model.y_range.start, model.y_range.end]})
      }
    }
    for (const child of view.children_views?.() ?? []) if (child) walk(child)
  }
  for (const root of Bokeh.index.roots) walk(root)
  return found
}"""


def tile(page, name: str):
    return page.locator(f"[data-tile={name}] .value")


def wait_for(look, wanted, seconds: float = 180.0):
    """Ask until the answer is the wanted one; the last answer goes into the failure."""
    until = time.monotonic() + seconds
    while not wanted(answer := look()):
        assert time.monotonic() < until, f"still {str(answer)[:200]}"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="module")
def server(start_server):
    return start_server()


@pytest.fixture(scope="module")
def hunted(server, chromium):
    """The workspace after Start (3 × 4) with the default settings, and what was seen on the way."""
    page, second = (chromium.new_page(viewport={"width": 1440, "height": 900}) for _ in range(2))
    seen = {"second": "", "reason": "", "disabled": False}
    for each in (page, second):
        each.goto(server.url)
        each.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)
    assert tile(page, "status").inner_text() == "Idle"
    for label, value in (("Generations", "3"), ("Population size", "4")):
        field = page.get_by_role("textbox", name=label)
        field.fill(value)
        field.blur()
    page.get_by_text("3 × 4 = 12 runs").wait_for()
    page.get_by_role("button", name="Start").click()
    wait_for(lambda: tile(page, "status").inner_text(), lambda word: word == "Running")
    seen["reason"] = page.get_by_text("to start another").inner_text()
    seen["disabled"] = page.get_by_role("button", name="Start").is_disabled()
    seen["second"] = wait_for(lambda: tile(second, "status").inner_text(), lambda w: w != "Idle")
    second.close()
    wait_for(lambda: tile(page, "status").inner_text(), lambda word: word == "Completed")
    page.close()
    return Workspace.open(server.workspace), seen


def test_start_is_disabled_and_says_why_and_every_browser_sees_the_hunt(hunted):
    _, seen = hunted
    assert seen["disabled"]
    assert "Stop it, or wait" in seen["reason"]
    assert seen["second"] in ("Starting", "Running")


def test_the_workspace_holds_twelve_of_each_and_all_agree(hunted):
    workspace, _ = hunted
    rows = LedgerReader(workspace.ledger_path).runs()
    assert len(rows) == 12
    ids = {row["config_hash"] for row in rows}
    assert len(ids) == 12
    for folder, suffix in (
        ("simulation_data", ".h5"),
        ("provenance_reports", ".json"),
        ("input_configs", ".json"),
    ):
        assert len(list((workspace.root / folder).glob(f"*{suffix}"))) == 12
    for row in rows:
        name = row["config_hash"]
        config = RunConfig.from_mapping(
            json.loads(workspace.config_path(name).read_text()), complete=True
        )
        provenance = read_provenance(workspace.provenance_path(name))
        with open_artifact(workspace.artifact_path(name), name) as artifact:
            assert artifact.config == config
        assert config.config_hash == provenance["config_hash"] == name
        assert provenance["status"] == row["status"]
        for metric in ("log_prime_sse", "sdg_h_norm_l2", "pcs_score"):
            assert provenance[metric] == row[metric]
        assert provenance["artifact"]["sha256"] == row["artifact_sha256"]
        assert row["evolution_residual"] < 1e-4


def test_heatmaps_show_the_run_and_zooming_rasterizes_anew(hunted, server, open_page):
    workspace, _ = hunted
    page, errors, foreign = open_page(server.url)
    pictures = wait_for(
        lambda: page.evaluate(RASTERS),
        lambda found: [each["shape"] for each in found] == [[64, 64]] * 2,
    )
    newest = LedgerReader(workspace.ledger_path).runs(order="-", limit=1)[0]["config_hash"]
    with open_artifact(workspace.artifact_path(newest), newest) as artifact:
        fields = [artifact.read(name) for name in ("final_rho", "final_g_tt")]
    for picture, field in zip(pictures, fields, strict=True):
        np.testing.assert_allclose(
            np.reshape(picture["values"], (64, 64)), field, rtol=1e-6, err_msg="not the cells"
        )
        assert np.ptp(picture["values"]) > 0
    figure = page.locator(".bk-Figure").first
    drawn = np.asarray(Image.open(io.BytesIO(figure.screenshot())).convert("RGB"))
    colours = len(np.unique(drawn[60:-80, 90:-110].reshape(-1, 3), axis=0))
    assert colours > 100, f"only {colours} colours are on the screen"

    box = figure.bounding_box()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"])
    for _ in range(8):
        page.mouse.wheel(0, -200)
        time.sleep(0.1)
    zoomed = wait_for(
        lambda: page.evaluate(RASTERS),
        lambda found: all(picture["shape"][0] < 64 for picture in found),
    )
    cell = 1.0
    for picture, field in zip(zoomed, fields, strict=True):
        rows, columns = picture["shape"]
        first_row, first_column = round(picture["y"] / cell + 0.5), round(picture["x"] / cell + 0.5)
        part = field[first_row : first_row + rows, first_column : first_column + columns]
        np.testing.assert_allclose(np.reshape(picture["values"], (rows, columns)), part, rtol=1e-6)
    assert zoomed[0]["x_range"] == zoomed[1]["x_range"], "the fields are linked"
    assert zoomed[0]["y_range"] == zoomed[1]["y_range"]
    assert not errors
    assert not foreign


def test_a_picked_run_stays_and_its_id_is_whole_on_hover(hunted, server, open_page):
    workspace, _ = hunted
    page, errors, _ = open_page(server.url)
    oldest = LedgerReader(workspace.ledger_path).runs(order="")[0]["config_hash"]
    page.get_by_role("button", name="Go to next page").click()
    row = page.locator(f".tabulator-row span[title='{oldest}']")
    row.click(timeout=TIMEOUT)
    heading = page.locator(f".run code[title='{oldest}']")
    heading.wait_for()
    assert heading.inner_text() == oldest[:8]
    follow = page.get_by_role("switch", name="Follow newest")
    wait_for(follow.is_checked, lambda checked: not checked)  # its own message, after the heading's
    assert not errors


def test_a_hunt_without_a_score_says_so_in_words(hunted, server, open_page):
    workspace, _ = hunted
    page, *_ = open_page(server.url)
    tile(page, "fitness").wait_for(timeout=TIMEOUT)
    scored = [r for r in LedgerReader(workspace.ledger_path).runs() if r["status"] == "ok"]
    failures = wait_for(lambda: tile(page, "failures").inner_text(), lambda text: text != "–")
    assert failures == str(12 - len(scored))
    if not scored:
        assert tile(page, "fitness").inner_text() == "–"
        page.get_by_text("No score: 12 of 12 runs").wait_for()


BAD = [
    ("Generations", "abc", "expected a whole number"),
    ("Generations", "0", "at least 1"),
    ("Population size", "1e99", "at most 100000"),
    ("Seed", "-1", "at least 0"),
    ("Seed", "nan", "finite"),
]


def test_bad_input_is_named_at_its_field_and_refused_by_start(hunted, server, open_page):
    workspace, _ = hunted
    page, errors, _ = open_page(server.url)
    before = len(LedgerReader(workspace.ledger_path).hunts())
    good = {"Generations": "10", "Population size": "10", "Seed": "42"}
    page.get_by_role("textbox", name="Generations").wait_for(timeout=TIMEOUT)
    for label, value, message in BAD:
        field = page.get_by_role("textbox", name=label)
        field.fill(value)
        field.blur()
        page.get_by_text(message).first.wait_for()
        page.get_by_text("1 field needs correction").wait_for()
        page.get_by_role("button", name="Start").click()
        page.locator(".notyf__message, [class*=Snackbar]").first.wait_for()
        field.fill(good[label])
        field.blur()
        page.get_by_text("10 × 10 = 100 runs").wait_for()
    assert len(LedgerReader(workspace.ledger_path).hunts()) == before
    assert not errors
