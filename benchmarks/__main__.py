"""Print every figure, or those named: `python -m benchmarks start page hunt`."""

import platform
import sys
from importlib import import_module

from engine.cores import usable_cores

BENCHES = {
    "start": "benchmarks.bench_start",
    "page": "benchmarks.bench_page",
    "fields": "benchmarks.bench_fields",
    "h5web": "benchmarks.bench_h5web",
    "sessions": "benchmarks.bench_sessions",
    "hunt": "benchmarks.bench_hunt",
    "strategies": "benchmarks.bench_strategies",
    "replay": "benchmarks.bench_replay",
    "search": "benchmarks.bench_search",
    "pipeline": "benchmarks.bench_pipeline",
    "ledger": "benchmarks.bench_ledger",
    "events": "benchmarks.bench_events",
    "physics": "benchmarks.bench_physics",
    "audit": "benchmarks.bench_audit",
    "peers": "benchmarks.bench_peers",
    "layer2": "benchmarks.bench_layer2",
    "http": "benchmarks.bench_http",
    "sse": "benchmarks.sse",
    "soak": "benchmarks.soak",
    "components": "benchmarks.bench_components",
    "gpu": "benchmarks.bench_gpu",
}


def main(names: list[str]) -> int:
    """Run the benches of these names, all for none."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"{unknown[0]}: no such bench, expected some of {', '.join(BENCHES)}")
        return 2
    print(f"{platform.platform()}, {usable_cores()} cores, Python {platform.python_version()}\n")
    for name in names or BENCHES:
        import_module(BENCHES[name]).main()
        print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
