"""What an audit takes, on artifacts of the solver's own, and what it costs the hunt beside it.

Every measurement is made in a process of its own that may use one core. Processor time is given
beside the wall clock, since a machine that others use stretches only that.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.audit.nulls import MOST_DRAWS, phase_scramble, sequential
from engine.audit.report import audit_artifact
from engine.hunt.auditors import Auditors
from engine.hunt.engine import Engine
from engine.hunt.runs import compute_batch
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import open_artifact
from engine.store.workspace import Workspace

SMALL = RunConfig(domain_length=256.0, T_steps=100)
LARGE = RunConfig(N_grid=1024, domain_length=1024.0, T_steps=40)
TURBULENT = {"epsilon": 1.0, "diffusion": 1.0, "dispersion": 2.0, "nonlinear_dispersion": -1.5}
CASES = {
    "N = 64": (SMALL, 9, "under 0.25 s"),
    "N = 64, turbulent": (RunConfig(**TURBULENT), 9, "under 0.25 s"),
    "N = 1024": (LARGE, 3, "under 20 s and 600 MB"),
}
"""Config, repetitions, and what is wanted."""

HUNT = HuntSettings(
    num_generations=2, population_size=8, base=RunConfig(domain_length=256.0, T_steps=1000)
)
PAIRS = 3

_CALL = (
    "import json, sys; from benchmarks import bench_audit; "
    "print(json.dumps(getattr(bench_audit, sys.argv[1])(*sys.argv[2:])))"
)


def main() -> None:
    print("one audit, warm, one core, 199 draws of phases; medians")
    with tempfile.TemporaryDirectory() as folder:
        for name, (config, repeats, wanted) in CASES.items():
            # Elsewhere: a process starts with its parent's peak of memory.
            _on_one_core("simulate", folder, json.dumps(config.to_dict()))
            took = _on_one_core("audits", folder, config.config_hash, str(repeats))
            print(
                f"  {name:<19}{took['total_s']:>7.3f} s, processor {took['cpu_s']:.3f} s, peak "
                f"{took['megabytes']:.0f} MB   (wanted: {wanted})\n"
                f"  {'':<19}  evolution {took['evolution_s']:.3f} s, nulls {took['nulls_s']:.3f} s "
                f"with {took['draws']} draws, {took['status']}"
            )
        seconds = _on_one_core("most_draws_take", folder, SMALL.config_hash)
        print(f"  a score that no draw reaches, N = 64: {MOST_DRAWS:,} draws in {seconds:.0f} s")
    base = HUNT.base
    print(
        f"hunt of {HUNT.total_runs} runs, N = {base.N_grid}, {base.T_steps} steps: the device on "
        "one core, the auditor on another"
    )
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        print("  not measured: it takes two cores that processes can be bound to")
        return
    pairs = _on_one_core("hunts", str(min(os.sched_getaffinity(0))))
    on, off = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratios = [on / off for on, off in pairs]
    print(
        f"  {on:.2f} runs/s with audits, {off:.2f} without: ratio {statistics.median(ratios):.3f} "
        f"(of {', '.join(f'{r:.3f}' for r in ratios)}; wanted: at least 0.95)"
    )


def simulate(root: str, config: str) -> None:
    """Write the artifact of a run."""
    place = Workspace.open(Path(root))
    compute_batch([RunConfig.from_mapping(json.loads(config))], place, history_frames=1)


def audits(root: str, config_hash: str, repeats: str) -> dict[str, Any]:
    """Audit a run several times over: medians of what each took, and the peak of the memory."""
    path = Workspace.open(Path(root)).artifact_path(config_hash)
    audit_artifact(path, config_hash)
    timings = []
    for _ in range(int(repeats)):
        began = time.process_time()
        found = audit_artifact(path, config_hash)
        timings.append({**found["timing"], "cpu_s": time.process_time() - began})
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return {
        "status": found["status"],
        "draws": found["spectral_fidelity"]["null_phase_scramble"]["draws"],
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6,
        **{name: statistics.median(each[name] for each in timings) for name in timings[0]},
    }


def most_draws_take(root: str, config_hash: str) -> float:
    """Processor seconds of the most draws that a run can get."""
    path = Workspace.open(Path(root)).artifact_path(config_hash)
    with open_artifact(path, config_hash) as artifact:
        psi = artifact.read("final_psi")
    began = time.process_time()
    sequential(-1.0, phase_scramble(psi, config_hash), 199, MOST_DRAWS)
    return time.process_time() - began


def hunts(core: str) -> list[tuple[float, float]]:
    """Runs per second with auditors on a core of their own, and with reports made beforehand."""
    beside = patch.object(Auditors, "submit", _beside(int(core)))
    with tempfile.TemporaryDirectory() as reports:
        with beside:
            _hunt(keep=Path(reports))  # compiles
        before = patch.object(Auditors, "submit", partial(_reported, Path(reports)))
        pairs = []
        for _ in range(PAIRS):
            with beside:
                on = _hunt()
            with before:
                pairs.append((on, _hunt()))
    return pairs


def _hunt(keep: Path | None = None) -> float:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Workspace.open(Path(folder)))
        began = time.perf_counter()
        engine.start_hunt(HUNT)
        status = engine.wait()
        seconds = time.perf_counter() - began
        engine.close()
        if keep is not None:
            for report in Path(folder, "provenance_reports").iterdir():
                shutil.copy(report, keep)
    if status.runs_done != HUNT.total_runs or "worker_failed" in status.failures:
        raise RuntimeError(f"hunt: got {status}, expected {HUNT.total_runs} runs audited")
    return status.runs_done / seconds


def _beside(core: int) -> Callable[..., "Future[dict[str, Any]]"]:
    """`Auditors.submit` with its processes on another core from birth."""
    submit = Auditors.submit

    def moved(*args: Any) -> "Future[dict[str, Any]]":
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})  # of this thread; a process inherits it
        try:
            return submit(*args)
        finally:
            os.sched_setaffinity(0, own)

    return moved


def _reported(reports: Path, root: str, config_hash: str, *_: Any) -> "Future[dict[str, Any]]":
    """In the auditors' stead: the report of the same run in an earlier, equal hunt."""
    path = Workspace(Path(root)).provenance_path(config_hash)
    shutil.copy(reports / path.name, path)
    future: Future[dict[str, Any]] = Future()
    future.set_result(json.loads(path.read_bytes()))
    return future


def _on_one_core(name: str, *values: str) -> Any:
    """What a function of this module gives in a new process that is bound to the last core."""
    command = [sys.executable, "-c", _CALL, name, *values]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, preexec_fn=_bind)
    return json.loads(done.stdout)


def _bind() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
