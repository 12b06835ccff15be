"""The live tab: the picture is the field, the facts are the status."""

import base64
import io
import time

import numpy as np
from PIL import Image

from engine.hunt.engine import Engine
from engine.live.status import HuntStatus, LivePicture
from engine.settings import HuntSettings
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.snapshot import Snapshot
from irer_panel.views.live import LiveView, Sight, live_html, memory_in_use, png_of

RUN = "ab" * 20


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)


def test_the_picture_is_the_field_with_y_up_from_dark_to_bright():
    rho = np.array([[0.0, 1.0], [2.0, 4.0]])
    drawn = pixels(png_of(rho)).sum(axis=2)
    assert drawn[::-1].ravel().argsort().tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(pixels(png_of(rho))[1, 0], [0x44, 0x01, 0x54])
    np.testing.assert_array_equal(pixels(png_of(rho))[0, 1], [0xFD, 0xE7, 0x24])


def test_cells_that_are_not_finite_and_a_flat_field_are_drawn():
    flat = pixels(png_of(np.full((3, 3), 7.0)))
    assert (flat == flat[0, 0]).all()
    holed = pixels(png_of(np.array([[np.nan, 1.0], [2.0, np.inf]])))
    assert holed.shape == (2, 2, 3)
    assert pixels(png_of(np.full((2, 2), np.nan))).shape == (2, 2, 3)


def test_the_facts_are_those_of_the_status_and_silence_stands_out():
    status = HuntStatus(
        state="running",
        stage="auditing <1>",
        heartbeat=100.0,
        under_way=3.25,
        rate=1.8,
        device="cpu × 2",
        stalled="No progress for 60 s.",
    )
    look = Snapshot(status=status, shown=status)
    sight = Sight(LivePicture(RUN, np.zeros((2, 2)), 99.0), "cG5n", 2_100_000_000)
    text = live_html(look, sight, 101.0)
    for part in (
        "auditing &lt;1&gt;",
        "1.0 s ago",
        "work of 3.2 runs",
        "1.8 runs/s",
        "cpu × 2",
        "2.1 GB",
        "No progress for 60 s.",
        "base64,cG5n",
        f'title="{RUN}"',
        "2.0 s ago, at most",
    ):
        assert part in text, part
    assert "late" not in text
    assert '<span class="late">▲ 20 s ago' in live_html(look, sight, 120.0)


def test_where_nothing_is_computed_it_says_so():
    text = live_html(Snapshot(), Sight(), 5.0)
    assert "Nothing is computed now." in text
    assert "<img" not in text
    running = HuntStatus(state="starting")
    assert "Waiting for the first picture" in live_html(
        Snapshot(status=running, shown=running), Sight(), 5.0
    )


def test_memory_counts_this_process():
    assert memory_in_use() > 20_000_000


def test_a_hunt_is_seen_while_it_is_computed_and_not_after(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    view = LiveView(engine, NoLoop())
    settings = HuntSettings.from_mapping(
        {"num_generations": 3, "population_size": 2, "N_grid": 32, "T_steps": 300, "null_draws": 19}
    )
    engine.start_hunt(settings)
    seen = None
    while engine.status().active:
        seen = engine.picture() or seen
        view.snapshot = Snapshot(status=engine.status(), shown=engine.status(), taken=time.time())
        time.sleep(0.02)
    runs = {row["config_hash"] for row in engine.reader.runs()}
    engine.close()
    assert seen is not None
    assert seen.run in runs
    assert seen.rho.shape == (32, 32)
    assert np.isfinite(seen.rho).all()
    assert (seen.rho > 0).any()
    for _ in range(100):
        view.snapshot = Snapshot(status=engine.status(), shown=engine.status(), taken=time.time())
        time.sleep(0.05)
        if "Nothing is computed now." in view._pane.object:
            break
    view.close()
    assert "Nothing is computed now." in view._pane.object
