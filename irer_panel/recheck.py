"""An audit made again and a run computed again: what came out, against what is kept.

Neither writes anything: what is committed stays as it is.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.audit.command import validate
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace
from irer_panel.job import Finding
from irer_panel.wording import NONE, counted

_ASIDE = ("timing", "software")
"""What may be different without anything being wrong."""

_FIRST = ("status", "error", "artifact.sha256")
"""What is named first, as it may explain all else."""

_NAMED, _LONGEST = 4, 60


def validate_again(run: str, workspace: str) -> Finding:
    """Audit a run again as `irer validate` does, and compare with the audit that is kept.

    Raises:
        EngineError: the kept audit cannot be read, or the artifact was evicted.
    """
    kept = read_provenance(Workspace.open(workspace).provenance_path(run))
    return weigh(kept, validate(run, workspace))


def reproduce_again(run: str, workspace: str) -> Finding:
    """Compute a run again as `irer reproduce` does, and compare every dataset.

    Raises:
        EngineError: its artifact cannot be read, no room, or another process computes here.
    """
    from engine.hunt.reproduce import reproduce  # the solver's machinery: not before it is wanted

    report = reproduce(run, workspace)
    return Finding(str(report["conclusion"]), bool(report["reproduced"]))


def weigh(kept: Mapping[str, Any], again: Mapping[str, Any]) -> Finding:
    """Whether two audits of a run say the same, entry by entry, and what differs.

    Args:
        kept: the provenance on disk.
        again: the audit made now.
    """
    before, after = dict(_entries(kept)), dict(_entries(json.loads(json.dumps(again))))
    off = [
        name
        for name in before | after
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]
    off.sort(key=lambda name: name not in _FIRST)
    numbers = sum(isinstance(each, int | float) for each in before.values())
    if not off:
        status = str(kept["status"]).replace("_", " ")
        return Finding(
            f"Validated: {counted(numbers, 'number')} and every verdict came out the same, with "
            f"status {status}.",
            True,
        )
    named = [f"{name} {_text(after, name)} instead of {_text(before, name)}" for name in off]
    more = f", and {len(off) - _NAMED:,} more" if len(off) > _NAMED else ""
    return Finding(
        f"Not the same: {len(off):,} of {len(before | after):,} entries came "
        f"out otherwise: {'; '.join(named[:_NAMED])}{more}. {_software(kept, again)}".strip(),
        False,
    )


def _entries(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value of a document, by its path: `spectral_fidelity.scale`."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if name or key not in _ASIDE:
                yield from _entries(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        yield f"{name} (how many)", len(value)
        for index, item in enumerate(value):
            yield from _entries(item, f"{name}[{index}]")
    else:
        yield name, value


def _text(entries: Mapping[str, Any], name: str) -> str:
    value = entries.get(name)
    if value is None or value == "":
        return NONE
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _software(kept: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    """What else audited then, in words; empty for the same."""
    noted, here = kept["software"], again["software"]
    changed = [
        f"{name} {noted[name]} is {here.get(name)} here"
        for name in noted
        if noted[name] != here.get(name)
    ]
    return f"Other software audited it: {', '.join(changed)}." if changed else ""
