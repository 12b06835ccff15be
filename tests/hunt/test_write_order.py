"""What a power cut needs: a file is on the disk before it has its name, and has it before its row.

Write, flush the file, rename it, flush its folder; when all files of a run are there, its row; and
the row is flushed before anybody hears of it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.hunt.command import run
from engine.store import workspace
from engine.store.tables import connect_writer
from engine.store.workspace import atomic_write_bytes

SMALL = {"N_grid": 32, "domain_length": 128.0, "T_steps": 60}
FOLDERS = ("input_configs", "simulation_data", "provenance_reports")
CALLS = "rename,renameat,renameat2,fsync,fdatasync,write,pwrite64,ftruncate,unlink"


@pytest.fixture
def told(monkeypatch):
    """What this process flushes, renames and commits, in that order."""
    events: list[tuple] = []
    fsync, replace = os.fsync, os.replace

    def identity(status, path=None):
        content = path and hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return status.st_ino, content

    def recorded_fsync(descriptor):
        fsync(descriptor)
        path = f"/dev/fd/{descriptor}"
        status = os.fstat(descriptor)
        events.append(("flushed", *identity(status, None if os.path.isdir(path) else path)))

    def recorded_replace(source, target, **_):
        events.append(("renamed", *identity(os.stat(source), source), Path(target)))
        replace(source, target)

    def recorded_writer(*given):
        connection = connect_writer(*given)
        connection.set_trace_callback(lambda text: events.append(("ledger", text)))
        return connection

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    monkeypatch.setattr("engine.store.ledger.connect_writer", recorded_writer)
    return events


def renamed(events: list[tuple]) -> Iterator[tuple[int, Path]]:
    """Every rename, after it is checked that what it names was flushed, and then its folder."""
    for at, event in enumerate(events):
        if event[0] != "renamed":
            continue
        _, inode, content, path = event
        flushed = [e for e in events[:at] if e[:2] == ("flushed", inode)]
        assert flushed, f"{path.name} has its name before it is on the disk"
        assert flushed[-1][2] == content, f"{path.name} was written to after it was flushed"
        folder = ("flushed", path.parent.stat().st_ino, None)
        assert folder in events[at:], f"the name of {path.name} is not on the disk"
        yield at + events[at:].index(folder), path


def test_the_files_of_a_run_are_on_the_disk_before_its_row(told, tmp_path):
    report = run(SMALL, str(tmp_path))
    places = {path: at for at, path in renamed(told)}
    names = [path for path in places if report["config_hash"] in path.name]
    assert sorted(path.parent.name for path in names) == sorted(FOLDERS)
    statements = [(at, event[1]) for at, event in enumerate(told) if event[0] == "ledger"]
    [row] = [at for at, text in statements if text.startswith("INSERT INTO runs")]
    assert max(places[path] for path in names) < row
    assert statements[-1][1] == "COMMIT"


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("the file", "before it is on the disk"),
        ("the folder", "the name of .* is not on the disk"),
        ("late write", "written to after it was flushed"),
    ],
)
def test_a_missing_flush_is_noticed(told, tmp_path, monkeypatch, broken, complaint):
    path = tmp_path / "x.json"
    if broken == "the file":
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    elif broken == "the folder":
        monkeypatch.setattr(workspace, "_fsync_directory", lambda folder: None)
    else:
        honest = os.fsync

        def fsync_and_write(descriptor):
            honest(descriptor)
            if not os.path.isdir(f"/dev/fd/{descriptor}"):
                os.write(descriptor, b"late")

        monkeypatch.setattr(os, "fsync", fsync_and_write)
    atomic_write_bytes(path, b"{}")
    with pytest.raises(AssertionError, match=complaint):
        list(renamed(told))


class Call(NamedTuple):
    """A system call that succeeded: the lines of the trace where it begins and ends."""

    begins: int
    ends: int
    name: str
    arguments: str


def calls(trace: Path) -> list[Call]:
    """The calls of a trace by `strace -f`, in the order of their ends."""
    found, open_calls = [], {}
    with trace.open(encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines):
            process, _, text = line.rstrip("\n").partition(" ")
            text, began = text.strip(), number
            if text.endswith("<unfinished ...>"):
                open_calls[process] = number, text.removesuffix("<unfinished ...>")
                continue
            if text.startswith("<... "):
                began, first = open_calls.pop(process)
                text = first + text.partition("resumed>")[2]
            match = re.fullmatch(r"(\w+)\((.*)\)\s+= (\d+).*", text)
            if match:
                found.append(Call(began, number, match[1], match[2]))
    return found


@pytest.mark.strace
def test_the_kernel_sees_the_same_of_a_whole_hunt_with_its_auditors(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("the order of system calls needs strace, which is not installed")
    place, trace = tmp_path / "workspace", tmp_path / "trace"
    hunt = [sys.executable, "-m", "engine.cli", "hunt", "--workspace", str(place)]
    values = {**SMALL, "num_generations": 2, "population_size": 2, "null_draws": 19}
    hunt += [f"--set={name}={value}" for name, value in values.items()]
    watched = ["strace", "-f", "-y", "-s", "5000", "-o", str(trace), "-e", f"trace={CALLS}", *hunt]
    subprocess.run(watched, check=True, timeout=300, stdout=subprocess.DEVNULL)
    all_calls = calls(trace)
    flushes = [call for call in all_calls if call.name in ("fsync", "fdatasync")]
    durable = dict[str, int]()
    for call in all_calls:
        if not call.name.startswith("rename") or str(place) not in call.arguments:
            continue
        source, target = re.findall(r'"([^"]*)"', call.arguments)
        before = [f for f in flushes if f.ends < call.begins and f"<{source}>" in f.arguments]
        assert before, f"{target} has its name before it is on the disk"
        late = [
            other
            for other in all_calls
            if other.name in ("write", "pwrite64", "ftruncate")
            and f"<{source}>" in other.arguments.partition(",")[0]
            and before[-1].ends < other.begins < call.begins
        ]
        assert late == [], f"{target} was written to after it was flushed"
        folder = f"<{os.path.dirname(target)}>"
        after = [f.ends for f in flushes if f.begins > call.ends and folder in f.arguments]
        assert after, f"the name of {target} is not on the disk"
        durable[target] = after[0]
    runs = sorted((place / "simulation_data").glob("*.h5"))
    assert len(runs) >= 2
    for path in runs:
        name = path.stem.removeprefix("rho_history_")
        files = [target for target in durable if name in target]
        assert sorted(os.path.basename(os.path.dirname(f)) for f in files) == sorted(FOLDERS)
        row = next(c for c in all_calls if "sqlite-wal>" in c.arguments and name in c.arguments)
        assert row.name == "pwrite64"
        assert max(durable[target] for target in files) < row.begins, f"{name} has its row early"
    wal = [c for c in all_calls if "simulation_ledger.sqlite-wal>" in c.arguments]
    said = [c for c in all_calls if c.name == "write" and re.search(r'"completed ', c.arguments)]
    assert said
    written = max(c.ends for c in wal if c.name == "pwrite64")
    assert any(written < c.begins < said[0].begins for c in wal if c in flushes), "not flushed"
