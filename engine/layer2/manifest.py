"""A component's manifest: what it is called, which script does its work, what goes in and out."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError
from packaging.requirements import InvalidRequirement, Requirement

from engine.errors import SettingsError
from engine.layer2.tunables import Tunable, can_be_told
from engine.store import strict_json

FILE_NAME = "component_manifest.json"
MAX_BYTES = 2**20
_DEPTH = 8

_SHOWN = 8
"""Faults that are named at once."""

RUN, HUNT, JOB = "run", "hunt", "job"
"""What a component works on: a run's files, the export of a hunt, or the workspace itself."""

INPUTS = {
    "artifact": "path:h5",
    "provenance": "path:json",
    "final_ledger": "path:csv",
    "job_uuid": "string:uuid",
}
"""Every input that there is, with its type."""

OUTPUT_TYPES = ("path:json", "path:csv", "path:png", "path:h5")
VALUE_TYPES = ("int", "float", "bool", "string", "string:uuid")

_TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
_WORD = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$"}
_FILE = {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "maxItems": 100}


SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        {
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
            "version": {"type": "string", "pattern": r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$"},
            "description": _TEXT,
            "script_to_run": {"type": "string", "minLength": 1, "maxLength": 200},
            "dependencies": _list(_TEXT),
            "inputs": _list(
                _object(
                    {"name": {"enum": list(INPUTS)}, "type": {"enum": list(INPUTS.values())}},
                    description=_TEXT,
                ),
                1,
            ),
            "outputs": _list(
                _object(
                    {"name": _WORD, "type": {"enum": list(OUTPUT_TYPES)}, "file": _FILE},
                    description=_TEXT,
                ),
                1,
            ),
            "tunable_variables": _list(
                _object(
                    {
                        "name": _WORD,
                        "label": {"type": "string", "minLength": 1, "maxLength": 80},
                        "type": {"enum": list(VALUE_TYPES)},
                        "default": {"type": ["number", "boolean", "string"]},
                    },
                    minimum={"type": "number"},
                    maximum={"type": "number"},
                    description=_TEXT,
                )
            ),
        },
        on_commit={"type": "boolean"},
    ),
}
"""JSON Schema of a manifest."""

_validator = Draft202012Validator(SCHEMA)


@dataclass(frozen=True)
class Output:
    """A file that a component promises to write; `description` says what is in it, for people."""

    name: str
    type: str
    file: str
    description: str = ""


@dataclass(frozen=True)
class Manifest:
    """A manifest that holds what the schema and the rules beyond it ask for.

    Attributes:
        name: for people.
        version: the component's own.
        description: what it computes.
        script: path of the script within the folder.
        dependencies: requirements on installed packages, such as `scipy>=1.15`.
        inputs: names among `INPUTS`.
        outputs: the files that it writes.
        tunables: what a user may set.
        on_commit: whether it runs on every new run.
        subject: `RUN`, `HUNT` or `JOB`.
    """

    name: str
    version: str
    description: str
    script: str
    dependencies: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    tunables: tuple[Tunable, ...]
    on_commit: bool
    subject: str


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a component's folder.

    Raises:
        SettingsError: it cannot be read, or one of its fields is not as it has to be; `field`
            names it.
    """
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _wrong(folder, "", f"more than {MAX_BYTES} bytes", "a manifest")
        document = strict_json.loads(path.read_bytes())
        if strict_json.is_deeper(document, _DEPTH):
            raise _wrong(folder, "", f"more than {_DEPTH} levels", "a JSON object of fewer")
        _check_texts(folder, document)
    except OSError as error:
        raise _wrong(folder, "", error.strerror or str(error), "a file that can be read") from error
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        raise _wrong(folder, "", str(error), "a JSON object") from error
    _check_schema(folder, document)
    subject = _subject(folder, document)
    _check_names(folder, document)
    _check_script(folder, document["script_to_run"])
    for index, line in enumerate(document["dependencies"]):
        try:
            Requirement(line)
        except InvalidRequirement as error:
            raise _wrong(
                folder, f"dependencies[{index}]", repr(line), "a requirement such as 'scipy>=1.15'"
            ) from error
    if document.get("on_commit", False) and subject != RUN:
        raise _wrong(folder, "on_commit", "true", f"false for a component on a {subject}")
    return Manifest(
        name=document["name"],
        version=document["version"],
        description=document["description"],
        script=document["script_to_run"],
        dependencies=tuple(document["dependencies"]),
        inputs=tuple(each["name"] for each in document["inputs"]),
        outputs=tuple(Output(**each) for each in document["outputs"]),
        tunables=_tunables(folder, document["tunable_variables"]),
        on_commit=document.get("on_commit", False),
        subject=subject,
    )


def _check_schema(folder: Path, document: Mapping[str, Any]) -> None:
    errors = sorted(_validator.iter_errors(document), key=lambda error: error.instance_path)
    faults = dict.fromkeys(fault for error in errors for fault in _faults(error, document))
    if not faults:
        return
    *shown, last = list(faults)[:_SHOWN]
    more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
    told = "; ".join(f"{field}: got {got}, expected {wish}" for field, got, wish in shown)
    field, got, wish = last
    name = shown[0][0] if shown else field
    raise _wrong(folder, f"{told}; {field}" if told else field, got, f"{wish}{more}", name)


def _faults(error: ValidationError, document: Any) -> Iterator[tuple[str, str, str]]:
    """The field, what it has and what it should have; a missing one may be misspelt."""
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path
    ).removeprefix(".")
    *above, rule = error.schema_path
    schema: Any = reduce(getitem, above, SCHEMA)  # type: ignore[arg-type]
    instance: Any = reduce(getitem, error.instance_path, document)
    if rule in ("required", "additionalProperties"):
        known = schema["properties"]
        for name in instance:
            if name not in known:
                where = f"{field}.{name[:60]}".strip(".")
                yield where, "an unknown field", f"none but {', '.join(known)}"
        for name in schema["required"]:
            if name not in instance:
                yield f"{field}.{name}".strip("."), "nothing", "this field"
        return
    wish = {
        "enum": lambda: f"one of {', '.join(schema[rule])}",
        "type": lambda: f"JSON's {schema[rule]}",
        "pattern": lambda: f"text that matches {schema[rule]}",
        "minItems": lambda: "at least one",
    }.get(str(rule), lambda: f"{rule} {schema[rule]}")()
    yield field, repr(instance)[:80], wish


def _check_texts(folder: Path, document: Mapping[str, Any]) -> None:
    """No text that a file, a process or a page cannot carry."""
    for where, text in _texts(document):
        if not can_be_told(text):
            raise _wrong(folder, where, repr(text)[:80], "text without NUL or half a character")


def _texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document, names too, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            inner = f"{where}.{name}" if where else name
            yield inner, name
            yield from _texts(each, inner)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, f"{where}[{index}]")


def _subject(folder: Path, document: Mapping[str, Any]) -> str:
    inputs = {each["name"]: each["type"] for each in document["inputs"]}
    for index, each in enumerate(document["inputs"]):
        if each["type"] != INPUTS[each["name"]]:
            where = f"inputs[{index}].type"
            raise _wrong(folder, where, each["type"], f"{INPUTS[each['name']]} for {each['name']}")
    of_run = bool({"artifact", "provenance"} & set(inputs))
    of_hunt = "final_ledger" in inputs
    if of_run and of_hunt:
        raise _wrong(
            folder, "inputs", ", ".join(inputs), "either a run's (artifact, provenance) or a "
            "hunt's (final_ledger)",
        )  # fmt: skip
    return RUN if of_run else HUNT if of_hunt else JOB


def _check_names(folder: Path, document: Mapping[str, Any]) -> None:
    """No name twice; a tunable's and an input's become options of one command line."""
    flags = {"output_dir"}
    for kind in ("inputs", "tunable_variables"):
        for index, each in enumerate(document[kind]):
            if each["name"] in flags:
                raise _wrong(folder, f"{kind}[{index}].name", each["name"], "a name of its own")
            flags.add(each["name"])
    for key in ("name", "file"):
        seen = {"report.json"}
        for index, each in enumerate(document["outputs"]):
            if each[key] in seen:
                raise _wrong(folder, f"outputs[{index}].{key}", each[key], f"a {key} of its own")
            seen.add(each[key])


def _check_script(folder: Path, script: str) -> None:
    """The script is a file in the folder itself, also once all links are followed."""
    path = folder / script
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
        there = path.is_file()
    except (OSError, RuntimeError):  # too long, or links in a circle
        inside, there = True, False
    if Path(script).is_absolute() or ".." in Path(script).parts or not inside:
        raise _wrong(folder, "script_to_run", repr(script), "a script inside its folder")
    if not there:
        raise _wrong(folder, "script_to_run", repr(script), "a file that is there")


def _tunables(folder: Path, declared: list[dict[str, Any]]) -> tuple[Tunable, ...]:
    tunables = []
    for index, each in enumerate(declared):
        tunable, where = Tunable(**each), f"tunable_variables[{index}]"
        for bound in ("minimum", "maximum"):
            if bound in each and each["type"] not in ("int", "float"):
                raise _wrong(folder, f"{where}.{bound}", str(each[bound]), "bounds of numbers only")
            if not _is_finite(each.get(bound, 0)):
                raise _wrong(folder, f"{where}.{bound}", "a number without end", "a finite one")
        try:
            tunable.checked(tunable.default)
        except SettingsError as error:
            got = repr(each["default"])[:80]
            raise _wrong(folder, f"{where}.default", got, tunable.expected) from error
        tunables.append(tunable)
    return tuple(tunables)


def _is_finite(bound: float) -> bool:
    try:
        return math.isfinite(bound)
    except OverflowError:
        return False


def _wrong(folder: Path, field: str, got: str, expected: str, name: str = "") -> SettingsError:
    where = f"{field}: " if field else ""
    return SettingsError(
        f"{folder.name}/{FILE_NAME}: {where}got {got}, expected {expected}; correct the manifest.",
        field=name or field,
    )
