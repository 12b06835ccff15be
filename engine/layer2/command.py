"""What `irer analyze` and `irer components` do."""

from collections.abc import Mapping
from typing import Any

from engine.errors import SettingsError
from engine.layer2.discovery import find_component, find_components
from engine.layer2.limits import limits_for
from engine.layer2.orchestrator import analyze, output_paths
from engine.layer2.trust import is_trusted, trust
from engine.live.logs import log_to
from engine.store.workspace import Workspace


def analyze_by_name(
    component: str,
    name: str,
    workspace: str | None,
    values: Mapping[str, Any],
    time_limit: float | None,
    memory_limit: float | None,
) -> dict[str, Any]:
    """Run a component on a run, a hunt or a job.

    Args:
        component: its name.
        name: id of what it works on.
        workspace: its folder; None for the default.
        values: tunables that differ from their defaults.
        time_limit: in seconds; None for the usual.
        memory_limit: in GiB; None for the usual.

    Returns:
        The report, `computed`, and `files`: where each output lies.
    """
    place = Workspace.open(workspace)
    found = find_component(place, component)
    limits = limits_for(found.manifest.subject, time_limit, memory_limit)
    close_log = log_to(place)
    try:
        report, computed = analyze(place, found, name, values, limits)
    finally:
        close_log()
    files = {output: str(path) for output, path in output_paths(place, report).items()}
    return {**report, "computed": computed, "files": files}


def components(action: str, name: str | None, workspace: str | None) -> dict[str, Any]:
    """List the components, or trust one.

    Returns:
        `components` by name, and `broken`: why others cannot be used.

    Raises:
        SettingsError: no such component, or a name too few or too many.
    """
    place = Workspace.open(workspace)
    if action == "trust":
        if name is None:
            raise SettingsError(
                "NAME: got none, expected the name of a component; `irer components` lists them.",
                field="NAME",
            )
        trust(place, find_component(place, name))
    elif name is not None:
        raise SettingsError(f"NAME: got {name!r}, expected none to list; leave it out.")
    found = find_components(place)
    broken = dict(found.broken)
    listed = {}
    for each in found.components.values():
        manifest = each.manifest
        try:
            trusted = is_trusted(place, each)
        except SettingsError as error:
            broken[each.name] = str(error)
            continue
        listed[each.name] = {
            "name": manifest.name,
            "version": manifest.version,
            "description": manifest.description,
            "origin": each.origin,
            "folder": str(each.folder),
            "trusted": trusted,
            "works_on": manifest.subject,
            "on_commit": manifest.on_commit,
            "tunables": {
                tunable.name: {"default": tunable.default, "expected": tunable.expected}
                for tunable in manifest.tunables
            },
        }
    return {"components": listed, "broken": broken}
