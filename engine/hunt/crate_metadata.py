"""What a crate says of itself, in JSON-LD.

Source: RO-Crate Metadata Specification 1.1.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.hunt.crate_contents import METADATA

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
_LICENSE = (
    "None is stated: ask whoever made this hunt before you pass it on or publish what builds on it."
)
_KINDS = {
    ".h5": ("application/x-hdf5", "Fields of a run"),
    ".jsonl": ("application/jsonl", "Places of the runs in the hunt"),
    ".csv": ("text/csv", "The hunt's rows of the ledger"),
    "config": ("application/json", "Config of a run"),
    "provenance": ("application/json", "Audit of a run"),
    "hunt": ("application/json", "Settings and end of the hunt"),
    "significance": ("application/json", "What the hunt's runs say together"),
}


def entity(name: str, size: int, sha256: str) -> dict[str, Any]:
    """What is said of a file.

    Args:
        name: its name in the crate.
        size: bytes.
        sha256: of its contents, as hex digits.
    """
    path = Path(name)
    kind, words = _KINDS.get(path.suffix) or _KINDS[path.name.partition("_")[0]]
    return {
        "@id": name,
        "@type": "File",
        "name": f"{words} ({path.name})",
        "encodingFormat": kind,
        "contentSize": str(size),
        "sha256": sha256,
    }


def metadata(
    hunt: Mapping[str, Any], files: list[dict[str, Any]], software: Iterable[tuple[str, str]]
) -> bytes:
    """The whole of it, without a space more than it needs: a hunt can have a million files.

    Args:
        hunt: its record.
        files: an `entity` each.
        software: name and version of all that had a part in it.
    """
    tools = {
        f"#{quote(f'{name}-{version}', safe='')}": (name, version)
        for name, version in sorted(set(software))
    }
    ended = hunt["ended"] or hunt["created"]
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"IRER hunt {hunt['hunt_id']}",
            "description": "A hunt over the parameters of a 2-D field simulation: settings, "
            "ledger, audits of all runs, and the fields of the fittest. `irer import` reads it.",
            "datePublished": ended,
            "license": _LICENSE,
            "identifier": hunt["hunt_id"],
            "hasPart": [{"@id": each["@id"]} for each in files],
            "mentions": {"@id": "#hunt"},
        },
        {
            "@id": "#hunt",
            "@type": "CreateAction",
            "name": f"Hunt {hunt['hunt_id']}",
            "description": json.dumps(hunt["settings"], sort_keys=True),
            "startTime": hunt["created"],
            "endTime": ended,
            "instrument": [{"@id": each} for each in tools],
            "result": {"@id": "./"},
        },
        *(
            {
                "@id": each,
                "@type": "SoftwareApplication",
                "name": name,
                "softwareVersion": version,
            }
            for each, (name, version) in tools.items()
        ),
        *files,
    ]
    document = {"@context": _CONTEXT, "@graph": graph}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
