"""What the line under Start says of the settings: runs, disk, and what is there of it."""

import pytest

from engine.hunt.retention import hunt_bytes
from engine.settings import HuntSettings
from engine.store.workspace import Workspace
from irer_panel.controls import HuntControls
from irer_panel.room import Room, room_of
from irer_panel.sizing import disk_words, runs_words, size_words
from irer_panel.wording import size

ROOM = Room(held=1_234_000_000, free=40_000_000_000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "10 × 10 = 100 runs"),
        ({"num_generations": 1, "population_size": 1}, "1 × 1 = 1 run"),
        ({"replicates": 3}, "10 × 10 × 3 seeds = 300 runs"),
        ({"max_runs": 20}, "10 × 10 = 100 runs, 20 at most"),
        ({"max_runs": 2000}, "10 × 10 = 100 runs"),
    ],
)
def test_the_runs_are_counted_as_the_hunt_counts_them(changes, words):
    settings = HuntSettings(**changes)
    assert runs_words(settings) == words
    assert f"{settings.total_runs:,}" in words


def test_the_disk_is_what_the_hunt_adds_what_is_there_and_what_is_free():
    settings = HuntSettings()
    final = size(hunt_bytes(settings).final)
    assert disk_words(settings, ROOM) == f", about {final}. The workspace holds 1.2 GB, 40 GB free."
    assert disk_words(settings, None) == f", about {final}."
    short = Room(held=0, free=hunt_bytes(settings).peak - 1)
    assert disk_words(settings, short).endswith("That is not enough.")


def test_retention_is_reckoned_with():
    kept = HuntSettings(keep_best=3)
    peak, final = hunt_bytes(kept)
    assert final < hunt_bytes(HuntSettings()).final / 10
    assert f"about {size(final)} (at times {size(peak)})" in disk_words(kept, ROOM)


def test_a_field_in_error_comes_first():
    controls = HuntControls()
    controls.enter("dt", "0")
    assert size_words(controls, ROOM) == "1 field needs correction before Start."
    controls.enter("seed", "-1")
    assert size_words(controls, ROOM) == "2 fields need correction before Start."


def test_the_room_is_that_of_every_file_of_the_workspace(tmp_path):
    workspace = Workspace.open(tmp_path)
    (workspace.root / "simulation_data" / "a.h5").write_bytes(bytes(12_345))
    (workspace.root / "notes.txt").write_bytes(bytes(1000))
    room = room_of(workspace)
    assert room.held == 13_345
    assert room.free > 0


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (640_000, "640 kB"),
        (37_400_000, "37 MB"),
        (999_600_000, "1.0 GB"),
        (1.234e9, "1.2 GB"),
        (4e15, "4.0 PB"),
        (2e19, "20,000 PB"),
    ],
)
def test_bytes_are_written_in_the_unit_that_keeps_them_readable(count, text):
    assert size(count) == text
