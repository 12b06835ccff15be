"""Hunts that are killed: when, whom, and what it was that they were at.

The moment is chosen from outside, by the files that come and go; see `remains` for the rest.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from remains import (
    Place,
    differences,
    events_of,
    is_temporary,
    ledger_faults,
    losses,
    places_of,
    reader_of,
    rows_of,
    torn_files,
)

from engine.store.reader import LedgerReader

ROOT = Path(__file__).parents[2]
_COMMON = {"N_grid": 32, "domain_length": 128.0, "null_draws": 19, "history_frames": 2}
HUNTS: dict[str, dict[str, Any]] = {
    "three generations of three": {
        **_COMMON,
        "num_generations": 3,
        "population_size": 3,
        "T_steps": 60,
    },
    "longer runs, two seeds each": {
        **_COMMON,
        "num_generations": 2,
        "population_size": 2,
        "replicates": 2,
        "objectives": "stability",
        "T_steps": 1000,
    },
}
"""Small hunts with runs that are scored and runs that are not, a few seconds each."""

VICTIMS = ("group", "main", "auditor")
"""Who is killed: the process with all its auditors, it alone, or one auditor."""

STAGES = ("start-up", "first batch", "batch", "artifact", "audit", "verdict", "commit", "end")
"""What a hunt was at: see `stage_of`."""

AIMS = ("any time", "start-up", "artifact", "verdict", "commit", "end")
"""When a kill comes: at a random time, or with one of these stages in sight."""

_LONGEST = 120.0
_POLL = 0.0005
_LOOK = 0.05


@dataclass
class Leg:
    """One process of a hunt.

    Attributes:
        began: when it was started, by the clock that dates files.
        acknowledged: runs that were seen in the ledger while it ran, by place.
        printed: file of what it printed.
    """

    process: "subprocess.Popen[bytes]"
    printed: Path
    began: float
    acknowledged: dict[Place, str] = field(default_factory=dict)

    def runs_printed(self) -> int:
        """The largest number of runs that it said were done."""
        lines = re.findall(r" (\d+)/\d+ runs, ", self.printed.read_text(errors="replace"))
        return max(map(int, lines), default=0)


@contextlib.contextmanager
def leg_of(values: Mapping[str, Any], place: Path, log: Path) -> Iterator[Leg]:
    """Start a hunt, or go on with the one that is there; nothing of it is left afterwards."""
    command = [sys.executable, "-m", "engine.cli", "hunt", "--workspace", str(place)]
    if reader_of(place).latest_hunt() is not None:
        command += ["--resume"]
    else:
        command += [f"--set={name}={value}" for name, value in values.items()]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Leg(process, log, time.time())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_normally(leg: Leg) -> None:
    """Wait until a leg is over, and its auditors with it."""
    try:
        code = leg.process.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        leg.process.send_signal(signal.SIGABRT)  # it tells where its threads are
        code = leg.process.wait()
    assert code == 0, f"exit code {code}: {leg.printed.read_text(errors='replace')}"
    wait_for_auditors(leg)


def wait_for_auditors(leg: Leg) -> None:
    """Auditors end by themselves once their hunt is gone."""
    until = time.monotonic() + _LONGEST
    while True:
        try:
            os.killpg(leg.process.pid, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < until, "auditors outlive their hunt"
        time.sleep(0.01)


def kill(leg: Leg, victim: str, aim: str, place: Path, span: float, rng: random.Random) -> str:
    """Kill the victim at the aim; the stage it died in, empty when the leg ended before.

    Args:
        span: about how long an undisturbed hunt takes, seconds.
    """
    if not _wait_until_aimed(leg, aim, place, span, rng):
        return ""
    if victim == "auditor":
        hit = _kill_an_auditor(leg, rng)
    else:
        hit = leg.process.poll() is None
        with contextlib.suppress(ProcessLookupError):
            if victim == "group":
                os.killpg(leg.process.pid, signal.SIGKILL)
            else:
                leg.process.kill()
        leg.process.wait()
        hit = hit and leg.process.returncode == -signal.SIGKILL
    return stage_of(leg, place) if hit else ""


def _wait_until_aimed(leg: Leg, aim: str, place: Path, span: float, rng: random.Random) -> bool:
    """Whether the aim came into sight before the leg's end; what it commits meanwhile is noted."""
    reader = reader_of(place)
    began = time.monotonic()
    moment = began + rng.uniform(0, span if aim == "any time" else 0.5 * span)
    nth, seen, looked = rng.randint(1, 3), set[str](), 0.0
    signs = _SIGNS[rng.choice(_SIGHTS.get(aim, ("artifact begun",)))]
    before = {*signs(place)}
    while leg.process.poll() is None and time.monotonic() < began + _LONGEST:
        now = time.monotonic()
        if now - looked > _LOOK:
            looked = now
            leg.acknowledged.update(places_of(reader))
        if aim in _SIGHTS:
            seen |= {*signs(place)} - before
            aimed = len(seen) >= nth
        elif aim == "end":
            aimed = len(leg.acknowledged) == _total(reader)
        else:
            aimed = now > moment
        if aimed:
            time.sleep(rng.choice((0.0, rng.uniform(0, 0.01))))
            return True
        time.sleep(_POLL)
    return False


def _names(folder: Path, *, temporary: bool) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return {e.name for e in os.scandir(folder) if is_temporary(e.name) is temporary}
    return set()


def _writes(wal: Path) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return {str(wal.stat().st_mtime_ns)}
    return set()


_SIGNS: dict[str, Any] = {
    "artifact begun": lambda place: _names(place / "simulation_data", temporary=True),
    "verdict begun": lambda place: _names(place / "provenance_reports", temporary=True),
    "verdict there": lambda place: _names(place / "provenance_reports", temporary=False),
    "ledger written": lambda place: _writes(place / "simulation_ledger.sqlite-wal"),
}
_SIGHTS = {
    "artifact": ("artifact begun",),
    "verdict": ("verdict begun",),
    "commit": ("verdict there", "ledger written"),
}
"""What is seen from outside shortly before, or while, something is written."""


def _total(reader: LedgerReader) -> int | None:
    latest = reader.latest_hunt()
    if latest is None:
        return None
    asked = (latest["settings"][name] for name in ("num_generations", "population_size"))
    generations, population = asked
    return int(generations * population * latest["settings"]["replicates"])


def _kill_an_auditor(leg: Leg, rng: random.Random) -> bool:
    while leg.process.poll() is None:
        found = []
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(leg.process.pid).children():
                if "spawn_main" in str(child.cmdline()):
                    found.append(child)
        if found:
            with contextlib.suppress(psutil.Error):
                rng.choice(found).kill()
                return True
        time.sleep(_POLL)
    return False


def stage_of(leg: Leg, place: Path) -> str:
    """What a leg was at, by what it left: the latest of the stages that its files speak of.

    `start-up` before its first event, `first batch` before its first artifact, `artifact` and
    `verdict` with one half written, `audit` with artifacts that have no verdict, `commit` with
    verdicts that are not in the ledger, `end` when all runs are.
    """
    reader = reader_of(place)
    latest = reader.latest_hunt()
    starts = [e for e in events_of(reader) if e.kind in ("hunt_started", "hunt_continued")]
    if latest is None or not starts or _unix(starts[-1].at) < leg.began - 0.001:
        return "start-up"
    committed = places_of(reader)
    if len(committed) == _total(reader):
        return "end"
    fresh = {
        folder: [
            path.name
            for path in sorted((place / folder).iterdir())
            if path.stat().st_mtime >= leg.began
        ]
        for folder in ("input_configs", "simulation_data", "provenance_reports")
    }
    if any(map(is_temporary, fresh["simulation_data"])):
        return "artifact"
    if any(map(is_temporary, fresh["provenance_reports"])):
        return "verdict"
    entered = set(committed.values())
    ids = {folder: set(re.findall(r"[0-9a-f]{40}", " ".join(n))) for folder, n in fresh.items()}
    if ids["provenance_reports"] - entered:
        return "commit"
    if ids["simulation_data"] - entered:
        return "audit"
    return "batch" if fresh["simulation_data"] else "first batch"


def _unix(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


class Kill(NamedTuple):
    """One kill: whom it hit, at what, how many runs were kept, and what was wrong after it."""

    victim: str
    stage: str
    kept: int
    wrong: list[str]


def tormented(
    values: Mapping[str, Any],
    whole: Mapping[Place, Mapping[str, Any]],
    span: float,
    folder: Path,
    rng: random.Random,
    kills: Iterator[tuple[str, str]],
) -> tuple[list[Kill], list[str]]:
    """Kill every leg of a hunt until it is complete.

    Args:
        values: the hunt's settings.
        whole: the rows of the same hunt, undisturbed.
        span: about how long that took, seconds.
        folder: an empty one, for the workspace and what is printed.
        rng: chooses the moments.
        kills: victims and aims; once there are no more the hunt is left in peace.

    Returns:
        The kills, and what is wrong with the hunt in the end.
    """
    place, done = folder / "workspace", list[Kill]()
    reader = reader_of(place)
    for number in range(1000):
        latest = reader.latest_hunt()
        if latest is not None and latest["state"] == "completed":
            break
        victim, aim = next(kills, ("", ""))
        with leg_of(values, place, folder / f"log{number}") as leg:
            stage = victim and kill(leg, victim, aim, place, span, rng)
            if not stage or victim == "auditor":
                end_normally(leg)
            elif victim == "main" and rng.random() < 0.5:
                wait_for_auditors(leg)  # else they end while the next leg begins, or are killed
            wrong = [*torn_files(place), *ledger_faults(place)]
            wrong += losses(leg.acknowledged, leg.runs_printed(), place)
        if stage:
            done.append(Kill(victim, stage, len(rows_of(place)), wrong))
    end = [*torn_files(place), *ledger_faults(place), *differences(rows_of(place), whole)]
    if len(reader.hunts()) != 1:
        end.append(f"{len(reader.hunts())} hunts, expected one")
    return done, end
