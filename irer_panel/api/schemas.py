"""JSON schemas (2020-12) of what is sent and answered, from the engine's own declarations."""

import functools
import itertools
import json
import reprlib
import typing
from collections.abc import Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from engine.errors import SettingsError
from engine.hunt.strategies import strategy_names
from engine.schema import Spec, field_types, specs
from engine.settings import FAILURES, STATUS_OK, HuntSettings, RunConfig
from engine.store.columns import COLUMNS, NUMBERS
from irer_panel.api.limits import NAMED

Schema = dict[str, Any]

RUN_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
EMPTY: Schema = {"type": "object", "additionalProperties": False}

_WHOLE = ("generation", "member", "replicate", "n_peaks", "artifact_bytes")
_TYPES = {int: "integer", float: "number", str: "string"}


@functools.cache
def hunt_settings() -> Schema:
    """The body of a start: every setting that is declared, none of them required.

    A scheduler is not among them: what it sends is unpickled, so whoever names one runs code here.
    """
    properties = {
        **{name: _setting(HuntSettings, name) for name in specs(HuntSettings)},
        **{name: _setting(RunConfig, name) for name in specs(RunConfig)},
    }
    properties["strategy"]["enum"] = strategy_names()
    properties["scheduler"] = {
        "const": "",
        "description": "Not over HTTP: use `irer hunt --scheduler`.",
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def wrong_settings(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the settings of a hunt, field by field, in the engine's words.

    Of those that are unknown the first `NAMED`.
    """
    unknown = unknown_settings(values)
    told = itertools.islice((name for name in values if name in unknown), NAMED)
    found = {name: _words(name, values[name]) for name in told}
    known = {name: value for name, value in values.items() if name not in unknown}
    whole = {name: value for name, value in known.items() if _is_text(value)}
    wrong = {str(error.instance_path[0]) for error in _settings_validator().iter_errors(whole)}
    wrong |= known.keys() - whole.keys()
    return found | {name: _words(name, known[name]) for name in known if name in wrong}


def unknown_settings(values: Mapping[str, Any]) -> set[str]:
    """The names among them that are no settings."""
    return values.keys() - hunt_settings()["properties"].keys()


@functools.cache
def _settings_validator() -> Draft202012Validator:
    return Draft202012Validator(hunt_settings())


def _is_text(value: Any) -> bool:
    """Whether all text of a value is whole: half a character has no place in UTF-8."""
    try:
        return bool(json.dumps(value, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def _words(name: str, value: Any) -> str:
    if name == "scheduler":
        return "scheduler: got one, expected none over HTTP; use `irer hunt --scheduler`."
    try:
        HuntSettings.from_mapping({name: value})
    except SettingsError as error:
        return str(error)
    expected = ", ".join(hunt_settings()["properties"][name]["enum"])  # all else the engine said
    return f"{name}: got {reprlib.repr(value)}, expected one of {expected}; choose one."


def _setting(owner: type, name: str) -> Schema:
    spec, kind = specs(owner)[name], field_types(owner)[name]
    default = HuntSettings().to_dict()[name]
    found = {**_value(spec, kind), "description": spec.doc, "default": default}
    return {**found, "x-unit": spec.unit} if spec.unit else found


def _value(spec: Spec, kind: Any) -> Schema:
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": _value(spec, float), "minItems": 2, "maxItems": 2}
    found: Schema = {"type": _TYPES[kind]}
    if spec.choices:
        found["enum"] = list(spec.choices)
    if spec.pattern_hex:
        found["pattern"] = f"^([0-9a-f]{{{spec.pattern_hex}}})?$"
    if spec.bounds:
        found["exclusiveMinimum" if spec.low_open else "minimum"] = spec.bounds[0]
        found["maximum"] = spec.bounds[1]
    if spec.even:
        found["multipleOf"] = 2
    return found


def _nullable(kind: str) -> Schema:
    return {"type": [kind, "null"]}


def column(name: str) -> Schema:
    """What a column of the run list holds."""
    if name == "status":
        return {"enum": [STATUS_OK, *FAILURES]}
    if name == "config_hash":
        return RUN_ID
    kind = "integer" if name in _WHOLE else "number" if name in NUMBERS else "string"
    return _nullable(kind)


def run_row() -> Schema:
    """One row of the run list."""
    return {
        "type": "object",
        "properties": {name: column(name) for name in COLUMNS},
        "required": list(COLUMNS),
        "additionalProperties": False,
    }


def run_page() -> Schema:
    """A page of the run list."""
    return _object(
        total={"type": "integer", "description": "Rows that pass the filters."},
        offset={"type": "integer"},
        limit={"type": "integer"},
        runs={"type": "array", "items": run_row()},
    )


def run() -> Schema:
    """Everything that the ledger has on one run."""
    return {
        "type": "object",
        "properties": {
            "config_hash": RUN_ID,
            "status": column("status"),
            "config": {"type": "object"},
            "places": {"type": "array", "items": {"type": "object"}},
            "links": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["config_hash", "status", "config", "places", "links"],
    }


def status() -> Schema:
    """The status of the hunt that the pages show; more keys than these."""
    told = _object(
        hunt_status={"type": "string"},
        hunt_id={"type": "string"},
        last_event={"type": "string"},
        last_sse=_nullable("number"),
        last_h_norm=_nullable("number"),
        final_result=_nullable("object"),
        elsewhere={"type": "string"},
        event_schema={"type": "integer", "description": "Version of the kinds of events."},
        redis={**_nullable("object"), "description": "How the link to Redis stands, if any."},
    )
    return {**told, "additionalProperties": True}


def snapshot() -> Schema:
    """The first message of a stream of events: the status, and whose events follow."""
    whole = status()
    ledger = {"type": "string", "description": "Which ledger numbers the events."}
    return {
        **whole,
        "properties": {**whole["properties"], "ledger": ledger},
        "required": [*whole["required"], "ledger"],
    }


def hunt() -> Schema:
    """Which hunt a command was for."""
    return _object(hunt_id={"type": "string"})


def problem() -> Schema:
    """An error (RFC 9457)."""
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": _object(field={"type": "string"}, detail={"type": "string"}),
            },
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
    }


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
