"""Kill small hunts at random moments, go on with each, and compare it with the undisturbed one.

`make crash`. After every kill, before the hunt goes on, no file under a final name is torn, the
ledger agrees with itself and with the files, and every run that was seen or printed is there. At
the end of each hunt its rows are those of the hunt that nobody disturbed. Exit code 1 when one is
not. How it is killed: tests/hunt/crashing.py; what is looked at then: tests/hunt/remains.py.
"""

import argparse
import collections
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "hunt"))

from crashing import (  # noqa: E402
    AIMS,
    HUNTS,
    STAGES,
    VICTIMS,
    Kill,
    end_normally,
    leg_of,
    tormented,
)
from remains import Place, ledger_faults, rows_of  # noqa: E402


class Undisturbed(NamedTuple):
    """A hunt that ran to its end: its rows, and how long it took."""

    rows: dict[Place, dict[str, Any]]
    seconds: float


def undisturbed(values: dict[str, Any], folder: Path) -> Undisturbed:
    """Run a hunt to its end."""
    began = time.perf_counter()
    with leg_of(values, folder / "workspace", folder / "log") as leg:
        end_normally(leg)
    seconds = time.perf_counter() - began
    assert ledger_faults(folder / "workspace") == []
    return Undisturbed(rows_of(folder / "workspace"), seconds)


def some(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Victims and aims without end."""
    while True:
        yield rng.choices(VICTIMS, (5, 3, 2))[0], rng.choices(AIMS, (6, 1, 3, 3, 3, 1))[0]


def campaign(wanted: int, seed: int, at_a_time: int, folder: Path) -> int:
    """Kill until it is enough, and print the table; the number of things that were wrong."""
    began = time.perf_counter()
    wholes = {}
    for name, values in HUNTS.items():
        (own := folder / f"whole {name}").mkdir()
        undisturbed(values, own)  # compiled from here on
        (again := folder / f"again {name}").mkdir()
        wholes[name] = undisturbed(values, again)
        runs = wholes[name].rows.values()
        statuses = collections.Counter(row["status"] for row in runs)
        print(
            f"{name}: {len(runs)} runs {dict(statuses)}, {wholes[name].seconds:.1f} s", flush=True
        )
    kills: list[Kill] = []
    wrong: list[str] = []
    hunts, door = 0, threading.Lock()

    def torment(number: int) -> None:
        nonlocal hunts
        if len(kills) >= wanted:
            return
        rng = random.Random(f"{seed}/{number}")
        name = rng.choice(list(HUNTS))
        with tempfile.TemporaryDirectory(dir=folder) as own:
            try:
                found, end = tormented(HUNTS[name], *wholes[name], Path(own), rng, some(rng))
            except AssertionError as error:  # a leg that failed, or never ended
                found, end = [], [str(error)]
        with door:
            hunts += 1
            kills.extend(found)
            wrong.extend(f"hunt {number}: {text}" for each in found for text in each.wrong)
            wrong.extend(f"hunt {number}, in the end: {text}" for text in end)
            fell = ", ".join(f"{each.victim} at {each.stage}" for each in found)
            print(f"{len(kills):>4} hunt {number}: {fell or 'no kill'}", flush=True)
            for text in [*(t for each in found for t in each.wrong), *end]:
                print(f"     WRONG {text}", flush=True)

    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(torment, range(20 * wanted)))
    print(f"\n{'killed at':<12}" + "".join(f"{name:>9}" for name in (*VICTIMS, "all")), end="")
    print(f"{'runs kept':>11}{'wrong':>7}")
    for stage in (*STAGES, "all"):
        here = [each for each in kills if stage in (each.stage, "all")]
        print(f"{stage:<12}", end="")
        for victim in (*VICTIMS, "all"):
            print(f"{sum(victim in (each.victim, 'all') for each in here):>9}", end="")
        print(f"{sum(each.kept for each in here):>11}{sum(bool(e.wrong) for e in here):>7}")
    print(
        f"\n{len(kills)} kills of {hunts} hunts, seed {seed}, {time.perf_counter() - began:.0f} s: "
        f"{len(wrong)} things wrong"
    )
    missed = [stage for stage in STAGES if stage not in {each.stage for each in kills}]
    if missed:
        print(f"no kill fell at: {', '.join(missed)}")
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many at least")
    parser.add_argument("--seed", type=int, default=1, help="of the victims and the moments")
    parser.add_argument("--at-a-time", type=int, default=2, help="hunts beside each other")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # What is compiled by a process that is killed goes to a cache of the campaign's own.
        os.environ["XDG_CACHE_HOME"] = folder
        (Path(folder) / "hunts").mkdir()
        wrong = campaign(options.kills, options.seed, options.at_a_time, Path(folder) / "hunts")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
