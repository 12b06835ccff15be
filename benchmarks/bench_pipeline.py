"""A generation in this engine, against a process a worker and a process a validator for each run.

The other side is how such pipelines are usually written: a loop that starts the solver's script on
a config, then the validator's on its artifact, on this very code. As they are written, every
process compiles, since JAX keeps no compiled program unless it is told to. Beside it the same with
this engine's cache of compiled programs, one run after the other and two jobs at a time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.hunt.engine import Engine
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import make_strategy
from engine.settings import HuntSettings
from engine.store.workspace import Workspace

HUNT = HuntSettings.from_mapping(
    {"num_generations": 2, "population_size": 64, "T_steps": 200, "domain_length": 256.0}
)
JOBS = 8

_WORKER = (
    "import json, sys; from pathlib import Path; from engine.hunt.runs import compute_batch; "
    "from engine.settings import RunConfig; from engine.store.workspace import Workspace; "
    "config = RunConfig.from_mapping(json.loads(sys.argv[2])); "
    "compute_batch([config], Workspace.open(Path(sys.argv[1])), history_frames=20)"
)
_VALIDATOR = (
    "import sys; from engine.audit.report import audit_run; "
    "audit_run(sys.argv[1], sys.argv[2], int(sys.argv[3]))"
)


def main() -> None:
    base = HUNT.base
    print(
        f"N = {base.N_grid}, {base.T_steps} steps a run, population {HUNT.population_size}, audits "
        f"on, {HUNT.null_draws} draws"
    )
    ours = in_process()
    print(f"  {'this engine':<34} {ours:7.2f} runs/s")
    for name, at_once, cached, wanted in (
        ("as usually written", 1, False, "   (wanted: at least 25)"),
        ("two jobs at a time", 2, False, ""),
        ("with our cache", 1, True, ""),
        ("both", 2, True, ""),
    ):
        theirs = in_processes(at_once, cached)
        print(
            f"  a process each, {name:<18} {theirs:6.3f} runs/s, ratio {ours / theirs:.1f}{wanted}"
        )


def in_process() -> float:
    """Runs per second of the second generation of a hunt, when everything is warm."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Workspace.open(Path(folder)))
        engine.start_hunt(HUNT)
        half = HUNT.population_size
        while engine.status().runs_done < half:
            time.sleep(0.005)
        began, done = time.perf_counter(), engine.status().runs_done
        status = engine.wait()
        seconds = time.perf_counter() - began
        engine.close()
    if status.state != "completed" or "worker_failed" in status.failures:
        raise RuntimeError(f"hunt: got {status}, expected all runs audited")
    return (status.runs_done - done) / seconds


def in_processes(at_once: int, cached: bool) -> float:
    """Runs per second with two processes a run."""
    environment = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": str(cached).lower()}
    configs = SearchSpace.of(HUNT).configs(make_strategy(HUNT).ask())[:JOBS]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(at_once) as pool:
        Workspace.open(Path(folder))

        def job(index: int) -> None:
            config = configs[index]
            worker = [_WORKER, folder, json.dumps(config.to_dict())]
            validator = [_VALIDATOR, folder, config.config_hash, str(HUNT.null_draws)]
            for script in (worker, validator):
                subprocess.run([sys.executable, "-c", *script], check=True, env=environment)

        began = time.perf_counter()
        list(pool.map(job, range(JOBS)))
        return JOBS / (time.perf_counter() - began)
