"""What a person waits for before anything happens: imports and the command line."""

import statistics
import subprocess
import sys
import time

REPEATS = 5


def main() -> None:
    print(f"start-up, medians of {REPEATS}")
    cases = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import engine": [sys.executable, "-c", "import engine"],
        "irer --help": [sys.executable, "-m", "engine.cli", "--help"],
    }
    for name, command in cases.items():
        print(f"  {name:<17} {median_seconds(command):.3f} s")
    code = "import sys, engine, engine.hunt.engine; print('panel' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    print(f"  import engine.hunt.engine imports Panel: {loaded.stdout.strip()}")
    print("  wanted: irer --help under 0.5 s, no Panel")


def median_seconds(command: list[str]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)
