"""Runs a component on a run, a hunt or a job, and keeps what it made with where it came from."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import logging
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from engine import __version__
from engine.errors import ComponentError, SettingsError, StopRequested
from engine.layer2.confine import landlock_version
from engine.layer2.discovery import Component
from engine.layer2.inputs import Input, gather
from engine.layer2.limits import Limits
from engine.layer2.manifest import JOB, Manifest
from engine.layer2.outputs import collect
from engine.layer2.process import Outcome, environment, environment_of_job, run_script
from engine.layer2.reports import (
    KEY_LENGTH,
    checked_subject,
    folder_of,
    keep,
    keep_failure,
    put_first,
    read_kept,
)
from engine.layer2.tree import remove
from engine.layer2.trust import checksum, checksum_of, require_trust
from engine.layer2.tunables import argument, values_of
from engine.store import strict_json
from engine.store.artifact import sha256_file
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)

_PREFIX = ".work-"


def analyze(
    workspace: Workspace,
    component: Component,
    name: str,
    values: Mapping[str, Any],
    limits: Limits,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, Any], bool]:
    """Run a component, unless the same was asked before and its report is kept.

    Args:
        workspace: where the subject is, and the report is kept.
        component: what to run.
        name: id of the run, hunt or job.
        values: tunables that differ from their defaults.
        limits: how far it may go.
        should_stop: asked four times a second; what it says ends the component.

    Returns:
        The report (see docs/components.md), and whether the component ran for it.

    Raises:
        SettingsError: an unknown id, a bad value, a missing dependency, or untrusted code.
        ArtifactError: the run's artifact was evicted.
        ComponentError: it failed; the reason is kept in a report of its own.
        StopRequested: it was ended by `should_stop` or from outside; nothing of it is kept.
        WorkspaceError: the report cannot be kept, or one that is kept was changed.
    """
    manifest = component.manifest
    checked_subject(manifest.subject, name)
    tunables = values_of(manifest.tunables, values)
    software = _software(manifest)
    code = checksum_of(component)
    require_trust(workspace, component, code)
    with working_folder(workspace.root / "analysis_reports") as place:
        inputs = gather(workspace, manifest.subject, name, manifest.inputs, place)
        asked = {
            "component": component.name,
            "version": manifest.version,
            "code_sha256": code,
            "id": name,
            "subject": manifest.subject,
            "inputs": {each.name: each.to_dict() for each in inputs},
            "tunables": tunables,
            "software": software,
        }
        key = hashlib.sha256(strict_json.dumps(asked).encode()).hexdigest()[:KEY_LENGTH]
        if kept := read_kept(folder_of(workspace, component.name, name), key):
            put_first(workspace, kept)
            return kept, False
        report: dict[str, Any] = {
            **asked,
            "key": key,
            "name": manifest.name,
            "origin": component.origin,
            "script": manifest.script,
            "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "contained": _containment(manifest),
        }
        script = _script(component, code, place)
        arguments = _arguments(inputs, tunables, place)
        outcome = _run(workspace, manifest, script, arguments, place, limits, should_stop)
        if outcome.stopped:
            raise StopRequested(
                f"{component.name} on {manifest.subject} {name}: {outcome.reason}, and nothing of "
                "it is kept; analyze again."
            )
        report |= {
            "duration_s": outcome.seconds,
            "cpu_s": outcome.cpu_s,
            "memory_bytes": outcome.memory_bytes,
            "said": outcome.said.replace(str(place / "component"), str(component.folder)),
        }
        made = place.with_name(place.name.replace(_PREFIX, ".made-"))
        try:
            outputs = _outputs(manifest, inputs, outcome, place, made)
        except ComponentError as error:
            words = f"{component.name} on {manifest.subject} {name}: {error}"
            for left in (made, place / "work"):  # it may have filled the disk
                remove(left)
            failed = {**report, "status": "failed", "error": words, "outputs": []}
            where = keep_failure(workspace, failed)
            _log.warning("%s", words)
            more = f" What it printed: {where}." if outcome.said else ""
            raise ComponentError(f"{words}{more}") from error
        else:
            kept = keep(
                workspace, made, {**report, "status": "ok", "error": "", "outputs": outputs}
            )
            _log.info("%s on %s %s: %.1f s.", component.name, manifest.subject, name,
                      outcome.seconds)  # fmt: skip
            return kept, True
        finally:
            remove(made)


def output_paths(workspace: Workspace, report: Mapping[str, Any]) -> dict[str, Path]:
    """Where the outputs of a report lie, by name."""
    folder = folder_of(workspace, report["component"], report["id"]) / report.get("key", "")
    return {each["name"]: folder / each["file"] for each in report["outputs"]}


def _software(manifest: Manifest) -> dict[str, str]:
    """Versions of what the component needs, checked against what it says it needs."""
    versions, missing = {"irer": __version__, "python": platform.python_version()}, {}
    for line in manifest.dependencies:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        if not found or not wanted.specifier.contains(found, prereleases=True):
            missing[line] = f"{wanted.name} {found or 'not installed'}"
        versions[wanted.name] = found
    if missing:
        wanted_ones = " ".join(f"'{line}'" for line in missing)
        raise SettingsError(
            f"{manifest.name}: got {', '.join(missing.values())}, expected {', '.join(missing)}; "
            f"install: pip install {wanted_ones}.",
            field="dependencies",
        )
    return versions


def _containment(manifest: Manifest) -> str:
    if manifest.subject == JOB:
        return "none: it works on the workspace itself"
    version = landlock_version()
    return f"Landlock {version}" if version else "limits alone: this kernel has no Landlock"


@contextlib.contextmanager
def working_folder(folder: Path) -> Iterator[Path]:
    """An empty folder within another, gone afterwards, as are those of processes that died.

    One at a time sweeps and makes: a folder that was made but not locked yet looks like a dead
    one's.
    """
    gate = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        for left in (*folder.glob(f"{_PREFIX}*"), *folder.glob(".made-*")):
            _remove_if_orphaned(left)
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(gate)
    try:
        yield place
    finally:
        try:
            remove(place)
        finally:
            os.close(descriptor)
        if place.exists():
            _log.warning("%s could not be removed; remove it by hand.", place)


def _remove_if_orphaned(left: Path) -> None:
    owner = left.with_name(left.name.replace(".made-", _PREFIX))
    try:
        descriptor = os.open(owner, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        remove(left)
        return
    except OSError:
        return  # no folder of ours
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(left)
    except OSError:
        pass  # its orchestrator is at work
    finally:
        os.close(descriptor)


def _script(component: Component, code: str, place: Path) -> Path:
    """What is run: for what does not ship a copy, compared with what is trusted."""
    if component.ships:
        return component.folder / component.manifest.script
    copy = place / "component"
    try:
        shutil.copytree(component.folder.resolve(), copy, symlinks=True)
    except OSError as error:
        raise SettingsError(
            f"{component.name}: got files that cannot be copied ({error}), expected those that are "
            "trusted; check the disk, and try again.",
            field="COMPONENT",
        ) from error
    if checksum(copy) != code:
        raise SettingsError(
            f"{component.name}: got files that changed while they were read, expected those that "
            "are trusted; try again.",
            field="COMPONENT",
        )
    return copy / component.manifest.script


def _arguments(inputs: list[Input], tunables: Mapping[str, Any], place: Path) -> list[str]:
    """`--name VALUE` for all; `--name=VALUE` where the value could be taken for an option."""
    given = {each.name: each.value for each in inputs}
    given |= {name: argument(value) for name, value in tunables.items()}
    given["output-dir"] = str(place / "work" / "output")
    return [
        part
        for name, value in given.items()
        for part in ([f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value])
    ]


def _run(
    workspace: Workspace,
    manifest: Manifest,
    script: Path,
    arguments: list[str],
    place: Path,
    limits: Limits,
    should_stop: Callable[[], bool],
) -> Outcome:
    work = place / "work"
    (work / "output").mkdir(parents=True)
    is_job = manifest.subject == JOB
    if not is_job:  # the hunt needs the disk too
        half = workspace.free_bytes() // 2
        limits = replace(limits, output_bytes=min(limits.output_bytes or half, half))
    return run_script(
        script,
        arguments,
        work,
        environment_of_job(workspace.root) if is_job else environment(work),
        limits,
        writable=[] if is_job else [work],
        should_stop=should_stop,
    )


def _outputs(
    manifest: Manifest, inputs: list[Input], outcome: Outcome, place: Path, made: Path
) -> list[dict[str, Any]]:
    """The outputs, in the folder `made`, with their checksums."""
    for each in inputs:
        if not each.is_untouched():
            raise ComponentError(
                f"its input {each.name} ({each.source}) was changed while it ran, expected files "
                "that are only read; check the file, with `irer validate` if it is an artifact."
            )
    if outcome.reason:
        raise ComponentError(f"{outcome.reason}.")
    made.mkdir()
    found = collect(manifest.outputs, place / "work" / "output", made)
    return [{**each, "sha256": sha256_file(made / each["file"])} for each in found]
