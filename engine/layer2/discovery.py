"""Which components there are: those that ship, the workspace's own, and those that packages add."""

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError, SettingsError
from engine.layer2.manifest import FILE_NAME, Manifest, read_manifest
from engine.store.workspace import Workspace

ENTRY_POINTS = "irer.components"
SHIPPED = Path(__file__).parent / "components"
FOLDER = "components"
"""Of a workspace."""

PACKAGE, WORKSPACE = "package", "workspace"
"""Where a component comes from that no other distribution announced."""

_OURS = (PACKAGE, WORKSPACE)

RESERVED = frozenset({"hunt", "significance", "promotion", "replicate"})
"""What other reports of `analysis_reports/` are called."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a component may be called."""


@dataclass(frozen=True)
class Component:
    """A folder with a sound manifest.

    Attributes:
        name: the folder's, or the entry point's.
        folder: where it lies.
        origin: `package`, `workspace`, or the distribution that announced it.
        manifest: what it says of itself.
    """

    name: str
    folder: Path
    origin: str
    manifest: Manifest

    @property
    def ships(self) -> bool:
        """Whether it came with the engine, and is trusted with it."""
        return self.origin == PACKAGE


@dataclass(frozen=True)
class Found:
    """What a look for components found.

    Attributes:
        components: by name, those that ship first.
        broken: why others cannot be used, by name.
    """

    components: dict[str, Component]
    broken: dict[str, str]


def find_components(workspace: Workspace) -> Found:
    """Look for components; nothing of theirs is run or imported, and a wrong one hides no other.

    A name that ships is not taken over, and the workspace's own comes before a package's.
    """
    components: dict[str, Component] = {}
    broken: dict[str, str] = {}
    for name, place, origin in _candidates(workspace, broken):
        if name in components:
            other = components[name].origin
            broken[f"{name} ({origin})"] = (
                f"{place}: got the name {name}, expected one that no other component has "
                f"({other}); rename it."
            )
            continue
        try:
            components[name] = _component(name, place, origin)
        except EngineError as error:
            broken[name] = str(error)
        except Exception as error:  # wrong in a way of its own
            broken[name] = _strange(f"{place}", error)
    return Found(components, {_shown(name): _shown(why) for name, why in broken.items()})


def find_component(workspace: Workspace, name: str) -> Component:
    """The component of a name.

    Raises:
        SettingsError: there is none, or its manifest is not sound.
    """
    for each, place, origin in _candidates(workspace, {}):  # the others need not be read
        if each == name:
            with contextlib.suppress(Exception):  # told below
                return _component(each, place, origin)
    found = find_components(workspace)
    if name in found.components:
        return found.components[name]
    if name in found.broken:
        raise SettingsError(found.broken[name], field="COMPONENT")
    names = ", ".join(found.components) or "none yet"
    raise SettingsError(
        f"COMPONENT: got {name[:80]!r}, expected one of {names}; `irer components` lists them.",
        field="COMPONENT",
    )


def _component(name: str, place: Path | str, origin: str) -> Component:
    folder = place if isinstance(place, Path) else _folder_of(name, place)
    return Component(name, folder, origin, _checked(name, folder, origin))


def _checked(name: str, folder: Path, origin: str) -> Manifest:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise SettingsError(
            f"{folder}: got the name {name!r}, expected letters, digits, '-' and '_' (at most 64), "
            f"and none of {', '.join(sorted(RESERVED))}; rename the folder.",
            field="name",
        )
    manifest = read_manifest(folder)
    if manifest.subject == "job" and origin != "package":
        raise SettingsError(
            f"{folder.name}/{FILE_NAME}: inputs: got job_uuid alone, expected artifact, provenance "
            "or final_ledger as well: only what ships works on the workspace itself.",
            field="inputs",
        )
    return manifest


def _candidates(
    workspace: Workspace, broken: dict[str, str]
) -> Iterator[tuple[str, Path | str, str]]:
    """Name, folder or entry point, and origin of all that may be components."""
    for root, origin in ((SHIPPED, PACKAGE), (workspace.root / FOLDER, WORKSPACE)):
        try:
            names = sorted(os.listdir(root)) if os.path.isdir(root) else []
        except OSError as error:
            broken[root.name] = _strange(str(root), error)
            continue
        for name in names:
            if os.path.isdir(root / name) and not name.startswith((".", "__")):
                yield name, root / name, origin
    try:
        points = _announced(tuple((each, _changed(each)) for each in sys.path))
    except Exception as error:  # one of any package that is installed
        broken[ENTRY_POINTS] = _strange("entry points of the installed packages", error)
        points = ()
    for point in points:
        owner = (point.dist.name if point.dist else None) or point.value
        # No distribution is the engine because it calls itself so.
        yield point.name, point.value, f"{owner} (distribution)" if owner in _OURS else owner


@functools.lru_cache(1)
def _announced(_: tuple[tuple[str, int], ...]) -> tuple[importlib.metadata.EntryPoint, ...]:
    """Entry points of all packages: hundreds of files, so once for each state of their folders."""
    return tuple(sorted(importlib.metadata.entry_points(group=ENTRY_POINTS)))


def _changed(folder: str) -> int:
    """When something was installed there last, ns; 0 where there is no folder."""
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def _folder_of(name: str, value: str) -> Path:
    """The folder of a package, found without importing it: its code is not trusted yet."""
    first, *others = value.split(":")[0].strip().split(".")
    places = []
    if all(part.isidentifier() for part in (first, *others)):
        with contextlib.suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(first)
            places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise SettingsError(
            f"{name}: got {value!r}, expected the dotted path of a folder in a package that is "
            "installed; correct the entry point.",
            field="name",
        )
    return Path(places[0], *others)


def _strange(where: str, error: Exception) -> str:
    return (
        f"{where}: got {type(error).__name__}: {error}, expected what can be read; correct it, or "
        "move it away."
    )


def _shown(text: str) -> str:
    """Text that can be written in UTF-8: the names of files need not be text."""
    return text.encode(errors="backslashreplace").decode()
