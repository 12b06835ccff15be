"""The film draws the stored cells, the traces are the stored series, the files are its frames."""

import io
import time
from threading import Event

import numpy as np
import pytest
from panel_samples import hunt_in, write_run
from PIL import Image, ImageSequence

from engine.errors import ArtifactError
from engine.store.artifact import open_artifact
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel import history as module
from irer_panel.background import NoLoop
from irer_panel.film_file import COLOURS, LEAST_SIDE, gif_of
from irer_panel.history import read_history
from irer_panel.selection import Selection
from irer_panel.views.time_tab import TimeTab, read


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    workspace = hunt_in(tmp_path_factory.mktemp("time"), history_frames=4)
    run = LedgerReader(workspace.ledger_path).runs(order="")[0]["config_hash"]
    return workspace, run


def stored(workspace, run, *names):
    with open_artifact(workspace.artifact_path(run), run) as artifact:
        return [artifact.read(name) for name in names]


@pytest.mark.parametrize(("symbol", "name"), [("ρ", "rho"), ("g_tt", "g_tt")])
def test_the_frames_are_the_stored_ones_and_end_with_the_final_field(hunted, symbol, name):
    workspace, run = hunted
    found = read_history(workspace.artifact_path(run), run, symbol)
    frames, times, final = stored(workspace, run, f"history/{name}", "history/t", f"final_{name}")
    np.testing.assert_array_equal(found.frames[-1], final)
    np.testing.assert_array_equal(found.frames[: len(frames)], frames)
    assert len(found.times) == len(found.frames)
    assert found.times[-1] == pytest.approx(40 * 0.1)
    np.testing.assert_array_equal(found.times[: len(times)], times)
    assert found.limits[0] <= found.frames.min()
    assert found.limits[1] >= found.frames.max()
    [h_norm] = stored(workspace, run, "diagnostics/h_norm")
    np.testing.assert_array_equal(found.traces["h_norm"], h_norm)
    assert found.words(len(found.times) - 1).startswith("t = 4 · step 40 · frame ")


def test_a_run_without_stored_frames_shows_its_final_field(tmp_path):
    workspace = hunt_in(tmp_path, history_frames=0)
    run = LedgerReader(workspace.ledger_path).runs()[0]["config_hash"]
    found = read_history(workspace.artifact_path(run), run, "ρ")
    assert found.frames.shape[1:] == (32, 32)
    assert found.times[-1] == pytest.approx(4.0)


@pytest.mark.parametrize(("side", "limit", "kept"), [(32, 16, 16), (36, 16, 12), (34, 16, 2)])
def test_fine_grids_are_drawn_as_the_means_of_blocks(monkeypatch, side, limit, kept):
    monkeypatch.setattr(module, "MAX_SIDE", limit)
    frames = np.random.default_rng(0).random((2, side, side))
    coarse = module._coarse(frames)
    assert coarse.shape == (2, kept, kept)
    block = side // kept
    np.testing.assert_allclose(coarse[1, 0, 1], frames[1, :block, block : 2 * block].mean())


def test_the_gif_shows_every_frame_with_y_up(hunted):
    workspace, run = hunted
    found = read_history(workspace.artifact_path(run), run, "ρ")
    found.frames[0, 0, 0] = np.nan
    palette = np.stack([np.arange(COLOURS, dtype=np.uint8)] * 3, axis=1)
    images = [
        np.asarray(each.convert("RGB"))[..., 0].astype(float)
        for each in ImageSequence.Iterator(Image.open(io.BytesIO(gif_of(found, palette, Event()))))
    ]
    assert len(images) == len(found.frames)
    images = [image[:LEAST_SIDE] for image in images]
    assert images[0].shape == (LEAST_SIDE, LEAST_SIDE)
    enlarge = LEAST_SIDE // 32
    low, high = found.limits
    for image, frame in zip(images[1:], found.frames[1:], strict=True):
        drawn = image[enlarge // 2 :: enlarge, enlarge // 2 :: enlarge][::-1]
        np.testing.assert_allclose(drawn, (frame - low) / (high - low) * (COLOURS - 1), atol=1.01)
    assert images[0][-1, 0] == 128, "a cell that is not finite is gray"


def test_another_runs_or_a_missing_artifact_is_words(hunted, tmp_path):
    workspace, run = hunted
    found = read(Workspace.open(tmp_path), run, "ρ")
    assert found.history is None
    assert "expected" in found.problem
    with pytest.raises(ArtifactError):
        read_history(workspace.artifact_path(run), "0" * 40, "ρ")


class HeldLoop(NoLoop):
    """A loop that is busy: what it is asked to run waits in `held`."""

    def __init__(self):
        self.held = []

    def soon(self, call):
        self.held.append(call)


def test_a_tab_whose_run_is_being_read_says_so(hunted):
    workspace, run = hunted
    selection, loop = Selection(), HeldLoop()
    selection.pick(run)
    tab = TimeTab(workspace, selection, loop)
    assert (tab._nothing.object, tab._nothing.visible) == ("Reading its frames …", True)
    settle(lambda: loop.held)
    loop.held.pop()()
    assert not tab._nothing.visible
    assert tab._all.visible
    tab.close()


def settle(so):
    until = time.monotonic() + 60
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_player_turns_film_and_traces_and_keeps_its_place(hunted):
    workspace, run = hunted
    selection = Selection()
    tab = TimeTab(workspace, selection, NoLoop())
    assert tab._nothing.object
    selection.pick(run)
    settle(lambda: "frame" in tab._words.object)
    last = len(tab._history.times) - 1
    assert tab.player.value == last
    image = tab.film._source.data["image"][0]
    np.testing.assert_array_equal(image, tab._history.frames[last])
    tab.player.value = 1
    np.testing.assert_array_equal(tab.film._source.data["image"][0], tab._history.frames[1])
    assert tab.traces._now[0].location == pytest.approx(float(tab._history.times[1]))
    assert "frame 2 of" in tab._words.object
    tab.field.value = "g_tt"
    settle(lambda: tab._history.style.symbol == "g_tt")
    settle(lambda: tab.film._colours.low == tab._history.limits[0])
    settle(lambda: (tab.film._source.data["image"][0] == tab._history.frames[1]).all())
    assert tab.player.value == 1, "another field of the run, the same time"
    for suffix, export in tab.exports.items():
        export.make.param.trigger("clicks")
        settle(lambda export=export: export.download.visible)
        assert export.download.filename == f"final_g_tt_{run[:8]}.{suffix}"
    tab.field.value = "ρ"
    settle(lambda: not any(export.download.visible for export in tab.exports.values()))
    tab.close()
    selection.run = ""


def test_a_run_that_cannot_be_read_hides_the_film_and_says_why(tmp_path):
    workspace, selection = Workspace.open(tmp_path), Selection()
    run, *_ = write_run(workspace)
    tab = TimeTab(workspace, selection, NoLoop())
    selection.pick(run)
    settle(lambda: tab._all.visible)
    selection.pick("0" * 40)
    settle(lambda: not tab._all.visible)
    assert tab._nothing.visible
    assert "expected" in tab._nothing.object
    tab.close()


def test_the_player_is_moved_by_steps_to_its_ends_started_and_held(hunted):
    workspace, run = hunted
    tab = TimeTab(workspace, Selection(run=run), NoLoop())
    until = time.monotonic() + 30
    while not tab._words.object:
        assert time.monotonic() < until
        time.sleep(0.01)
    last = tab.player.end
    assert tab.player.value == last >= 3
    tab.step(-2)
    assert tab.player.value == last - 2
    tab.step(99)
    assert tab.player.value == last
    tab.play_or_pause()
    assert tab.player.direction == 1
    tab.play_or_pause()
    assert tab.player.direction == 0
    tab.loop_or_once()
    assert tab.player.loop_policy == "loop"
    tab.loop_or_once()
    assert tab.player.loop_policy == "once"
    tab.player.disabled = True
    tab.step(-1)
    assert tab.player.value == last
    tab.close()
