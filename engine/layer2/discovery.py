"""Which components there are: those that ship, the workspace's own, and those that packages add."""

import importlib.metadata
import importlib.util
import re
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
        return self.origin == "package"


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
    """Look for components; nothing of theirs is run or imported.

    A name that ships is not taken over, and the workspace's own comes before a package's.
    """
    components: dict[str, Component] = {}
    broken: dict[str, str] = {}
    for name, folder, origin in _candidates(workspace):
        if name in components:
            other = components[name].origin
            broken[f"{name} ({origin})"] = (
                f"{folder}: got the name {name}, expected one that no other component has "
                f"({other}); rename it."
            )
            continue
        try:
            manifest = _checked(name, folder, origin)
            components[name] = Component(name, folder, origin, manifest)
        except (EngineError, OSError) as error:
            broken[name] = str(error)
    return Found(components, broken)


def find_component(workspace: Workspace, name: str) -> Component:
    """The component of a name.

    Raises:
        SettingsError: there is none, or its manifest is not sound.
    """
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


def _candidates(workspace: Workspace) -> Iterator[tuple[str, Path, str]]:
    """Name, folder and origin of all that may be components."""
    for root, origin in ((SHIPPED, "package"), (workspace.root / FOLDER, "workspace")):
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if folder.is_dir() and not folder.name.startswith((".", "__")):
                    yield folder.name, folder, origin
    for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS)):
        owner = point.dist.name if point.dist else point.value
        yield point.name, _folder_of(point.value), owner


def _folder_of(value: str) -> Path:
    """The folder of a package, found without importing it: its code is not trusted yet."""
    first, *others = value.split(":")[0].split(".")
    spec = importlib.util.find_spec(first)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0] if places else first, *others)
