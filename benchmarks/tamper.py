"""Falsify and damage an honest run in every way of tests/audit/tampering.py: `make tamper`.

The run is the solver's own; each forgery meets `irer validate` in a process of its own, under a
limit of time and memory. What no look at the artifact alone can show meets `irer reproduce` too.
Exit code 1 when one has another class or exit code than expected, a score, or a traceback. An
argument keeps the ways whose name holds it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "audit"))

from tampering import BAD_INPUT, HONEST, UNSEEN, WAYS, Expected, Unseen, forged  # noqa: E402

AT_A_TIME = 2
MOST_SECONDS = 60
ADDRESS_SPACE = 3 * 2**30
MOST_MEGABYTES = 250
"""Three times what an honest audit of this size takes; a process starts with its parent's peak."""

_LIMITED = (
    "import resource, sys; from engine.cli import main; "
    f"resource.setrlimit(resource.RLIMIT_AS, ({ADDRESS_SPACE}, {ADDRESS_SPACE})); "
    "sys.exit(main(sys.argv[1:]))"
)


class Outcome(NamedTuple):
    """What a command came to; `code` is negative when a signal ended it."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float

    @property
    def report(self) -> dict[str, Any]:
        """The JSON object that was printed, empty for none."""
        return json.loads(self.out) if self.out.startswith("{") else {}


def main(wanted: list[str]) -> int:
    """Print the tables."""

    def kept(name: str) -> bool:
        return not wanted or any(part in name for part in wanted)

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_A_TIME) as pool:
        honest, other = pool.map(lambda seed: _honest_run(seed, Path(folder)), (42, 43))
        sound = _validate(honest)
        score = sound.report["log_prime_sse"]
        print(
            f"honest: {sound.report['status']}, log_prime_sse {score:.4f}, exit {sound.code}, ",
            end="",
        )
        print(f"{sound.seconds:.1f} s, {sound.megabytes:.0f} MB\n")
        if sound.code or score is None:
            return 1

        def refused(item: tuple[str, Expected]) -> bool:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                return _judge(*item, _validate(forged(item[1].forge, honest, other, Path(own))))

        def unseen(item: tuple[str, Unseen]) -> bool:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                (Path(own) / "simulation_data").mkdir()
                path = forged(item[1].forge, honest, other, Path(own) / "simulation_data")
                return _repeat(*item, _validate(path), score, own)

        print(f"{'way':<38} {'class':<20} {'exit':>4} {'s':>5} {'MB':>4}  who says no", flush=True)
        ways = [item for item in WAYS.items() if kept(item[0])]
        right = list(pool.map(refused, ways))
        print(f"\n{'beyond an audit':<38} {'exit':>4} {'SSE':>7}  irer reproduce", flush=True)
        limits = [item for item in UNSEEN.items() if kept(item[0])]
        right += list(pool.map(unseen, limits))
    print(
        f"\n{sum(right)} of {len(ways)} + {len(limits)} as expected, "
        f"{time.perf_counter() - began:.0f} s"
    )
    return int(not right or not all(right))


def _honest_run(seed: int, folder: Path) -> Path:
    config = folder / f"seed{seed}.json"
    config.write_text(json.dumps({**HONEST, "seed": seed}))
    own = folder / f"honest{seed}"
    done = _measured([sys.executable, "-m", "engine.cli", "run", config, *_in(own), "--json"])
    if done.code:
        raise SystemExit(f"irer run: exit {done.code}\n{done.out}{done.err}")
    return Path(done.report["artifact"])


def _validate(path: Path) -> Outcome:
    return _measured([sys.executable, "-c", _LIMITED, "validate", path, "--json"])


def _in(workspace: str | Path) -> tuple[str, str]:
    return "--workspace", str(workspace)


def _measured(command: Sequence[str | Path]) -> Outcome:
    """Run a command to its end, or to the limit of time."""
    # As many stacks and buffers as a big machine has cores would fill the address space.
    settings = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        ended = 0
        while not ended:
            if time.perf_counter() - began > MOST_SECONDS:
                os.kill(process.pid, 9)  # it is waited for below, so the id is still its own
            time.sleep(0.01)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        size = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        texts = (stream.read().decode("utf-8", "replace") for stream in (out, err))
        return Outcome(process.returncode, *texts, seconds, size)


def _judge(name: str, way: Expected, found: Outcome) -> bool:
    """Print the line of one way, and say whether it went as expected."""
    report = found.report
    status = report.get("status", BAD_INPUT if found.code == 2 else "none")
    error = report.get("error", found.err)
    scores = [report.get("log_prime_sse"), *report.get("spectral_fidelity", {}).values()]
    lines = [line["name"] for line in report.get("verdicts", []) if line["passed"] is False]
    wrong = [
        text
        for text, is_so in {
            f"class, not {way.failure}": status != way.failure,
            "exit code": found.code != (2 if way.failure == BAD_INPUT else 3),
            f"words, not {way.complaint!r}": way.complaint not in error,
            "score": any(score not in (None, 998.0, 999.0) for score in scores),
            "verdicts": found.code == 3 and not lines,
            "traceback": "Traceback" in found.err,
            "memory": found.megabytes > MOST_MEGABYTES,
        }.items()
        if is_so
    ]
    said = re.sub(r"\S*rho_history_([0-9a-f]{4})[0-9a-f]{36}\.h5", r"\1….h5", error)
    figures = f"{found.code:>4} {found.seconds:5.1f} {found.megabytes:4.0f}"
    print(
        f"{name:<38} {status:<20} {figures}  {lines[0] if lines else '–'}: {said.strip()[:90]}"
        + (f"   WRONG {', '.join(wrong)}" if wrong else ""),
        flush=True,
    )
    return not wrong


def _repeat(name: str, way: Unseen, found: Outcome, score: float, workspace: str) -> bool:
    """Print the line of a way that passes the audit, and what a repetition says to it."""
    report = found.report
    again = _measured(
        [sys.executable, "-m", "engine.cli", "reproduce", report["config_hash"], *_in(workspace)]
    )
    moved = abs(report["log_prime_sse"] / score - 1)
    right = (
        (found.code, again.code) == (0, 0 if way.reproduced else 3)
        and (moved < 1e-3) is way.same_score
        and "Traceback" not in again.err
    )
    said = " ".join((again.out or again.err).split())[:90]
    print(
        f"{name:<38} {found.code:>4} {report['log_prime_sse']:7.4f}  {again.code}: {said}"
        + ("" if right else "   WRONG"),
        flush=True,
    )
    return right


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
