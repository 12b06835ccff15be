"""A hunt of seconds whose runs have scores, for what the page says of audits."""

import time

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.workspace import Workspace

SETTINGS = {
    "num_generations": 2,
    "population_size": 3,
    "N_grid": 32,
    "domain_length": 256.0,
    "T_steps": 40,
    "null_draws": 19,
    "history_frames": 1,
}


def hunted(folder, **changes):
    """An engine over a workspace whose hunt is over."""
    engine = Engine(Workspace.open(folder))
    engine.start_hunt(HuntSettings.from_mapping({**SETTINGS, **changes}))
    assert engine.wait(120).state == "completed"
    return engine


def becomes(look, seconds=30.0):
    """Wait until it is so: views read in other threads."""
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, "still not so"
        time.sleep(0.02)
