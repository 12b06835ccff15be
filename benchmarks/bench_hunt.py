"""The default hunt, from an empty workspace to its last commit, audits included."""

import tempfile
import time
from pathlib import Path

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.workspace import Workspace


def main() -> None:
    settings = HuntSettings()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Workspace.open(Path(folder)))
        began = time.perf_counter()
        engine.start_hunt(settings)
        status = engine.wait()
        wall = time.perf_counter() - began
        device = status.device
        size = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())
        engine.close()
    base = settings.base
    print(
        f"default hunt        {settings.num_generations} × {settings.population_size} runs, "
        f"N = {base.N_grid}, {base.T_steps} steps, audits included, on {device}"
    )
    print(f"  state             {status.state}, failures {status.failures or 'none'}")
    print(f"  wall clock        {wall:.1f} s   (wanted: under 90 s on 2 cores)")
    print(f"  throughput        {status.runs_done / wall:.2f} runs/s")
    print(f"  workspace         {size / 1e6:.1f} MB")
