"""Runs components on every new run, behind the hunt: one at a time, on cores that are idle.

The event log says what is new; `analysis_reports/on_commit.json` says how far it was followed, so
that after a restart it goes on where it was. Of several processes over a workspace one does it.
"""

import contextlib
import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.cores import step_aside
from engine.errors import ComponentError, EngineError, SettingsError, StopRequested
from engine.layer2.discovery import Component, find_components
from engine.layer2.limits import BEHIND
from engine.layer2.orchestrator import analyze
from engine.layer2.reports import read_newest
from engine.layer2.trust import checksum_of, is_trusted, trust_command
from engine.store import strict_json
from engine.store.event_kinds import RUN_COMMITTED
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, atomic_write_bytes

_log = logging.getLogger(__name__)

PERIOD = 2.0
"""Seconds between two looks at the event log."""

_BATCH = 100


class OnCommit:
    """Follows the event log of a workspace in a thread of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._reader = LedgerReader(workspace.ledger_path)
        self._cursor = workspace.root / "analysis_reports" / "on_commit.json"
        self._closing = threading.Event()
        self._told: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="irer-on-commit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; a component that runs is ended too, and begun again at the next start."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        step_aside()
        while not self._closing.is_set():
            try:
                with _alone(self._cursor.with_suffix(".lock")) as mine:
                    while mine and not self._closing.is_set():
                        if not self._advance():
                            self._closing.wait(PERIOD)
            except Exception as error:  # a disk that is gone may come back
                self._tell(f"What is new cannot be analyzed: {error}")
            self._closing.wait(PERIOD)

    def _advance(self) -> bool:
        """Deal with what is new; whether there was anything."""
        seq = self._place()
        ledger, events = self._reader.log_after(seq, _BATCH)
        wanted = self._wanted() if events else []
        for event in events if wanted else ():
            if event.kind == RUN_COMMITTED and event.config_hash:
                for component in wanted:
                    self._analyze(component, event.config_hash)
                    if self._closing.is_set():
                        return False
                self._note(ledger, event.seq)
        if events:
            self._note(ledger, events[-1].seq)
        return bool(events)

    def _place(self) -> int:
        """How far the log was followed; its end for a log that was never followed."""
        ledger = self._reader.identity()
        with contextlib.suppress(OSError, ValueError):
            noted = strict_json.loads(self._cursor.read_bytes())
            is_known = noted.get("ledger") in (ledger, "")  # empty: there was none yet
            if is_known and (seq := _checked(noted.get("seq"))) is not None:
                return seq
        seq = self._reader.last_seq()
        self._note(ledger, seq)
        return seq

    def _note(self, ledger: str, seq: int) -> None:
        text = strict_json.dumps({"ledger": ledger, "seq": seq})
        atomic_write_bytes(self._cursor, text.encode() + b"\n")

    def _wanted(self) -> list[Component]:
        """The trusted components that want every new run."""
        wanted = []
        for component in find_components(self._workspace).components.values():
            if not component.manifest.on_commit:
                continue
            try:
                trusted = is_trusted(self._workspace, component)
            except SettingsError as error:
                self._tell(f"{component.name} wants every new run: {error}")
                continue
            if trusted:
                wanted.append(component)
            else:
                self._tell(
                    f"{component.name} wants every new run and is not trusted; see "
                    f"`{trust_command(self._workspace, component)}`."
                )
        return wanted

    def _analyze(self, component: Component, run: str) -> None:
        if not self._workspace.artifact_path(run).exists():
            return  # it failed, or was evicted
        try:
            before = read_newest(self._workspace, component.name, run)
            failed = before is not None and before["status"] == "failed"
            if before and failed and before["code_sha256"] == checksum_of(component):
                return  # tried already; whoever wants it again asks for it
            analyze(self._workspace, component, run, {}, BEHIND, self._closing.is_set)
        except StopRequested:
            # A service manager may end the component before it has told us.
            self._closing.wait(PERIOD)
        except ComponentError:
            pass  # `analyze` has told it, and kept its reason
        except EngineError as error:
            self._tell(f"{component.name} on run {run}: {error}")
        except Exception as error:  # it holds up neither the others nor the runs that follow
            self._tell(f"{component.name} on run {run}: {type(error).__name__}: {error}")

    def _tell(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            _log.warning("%s", words)


def _checked(seq: Any) -> int | None:
    """A place in a log; None for what is none."""
    return seq if type(seq) is int and 0 <= seq < 2**63 else None


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether this process is the one that follows the log."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
