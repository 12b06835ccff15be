"""The interface's own description (OpenAPI 3.1), from the schemas that requests are checked by."""

import functools
from typing import Any

from engine import __version__
from irer_panel.api import schemas
from irer_panel.api.handler import ApiHandler
from irer_panel.api.problem import CONTENT_TYPE
from irer_panel.api.query import parameters
from irer_panel.api.schemas import Schema
from irer_panel.api.status import CONSTANTS

_REFUSALS = {
    "400": "Not JSON, not an object, or nested too deeply.",
    "401": "No token or log-in, where this server asks for one; or a token that is not known.",
    "403": "A page of another origin asks, or the token's scope is too small.",
    "404": "There is no such thing.",
    "409": "A hunt is under way, here or in another process; or there is none to steer.",
    "410": "The artifact was evicted; `irer restore ID` makes it again.",
    "413": "The body is too long.",
    "415": "The body is not said to be application/json.",
    "416": "The file has no such range.",
    "421": "The Host header names another host.",
    "422": "Something in it cannot be accepted; `errors` names each field.",
    "429": "Too many at once; Retry-After says when to come again.",
    "503": "The workspace or its ledger cannot be used now.",
}
_ALWAYS = ("401", "421", "503")


class OpenApiHandler(ApiHandler):
    """GET /api/openapi.json."""

    async def get(self) -> None:
        """Answer with the description."""
        self.answer(document())


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    run = {"name": "id", "in": "path", "required": True, "schema": schemas.RUN_ID}
    query = [
        {"name": name, "in": "query", "description": words, "schema": schema}
        for name, (words, schema) in parameters().items()
    ]
    constants = {"type": "object", "properties": {k: {"const": v} for k, v in CONSTANTS.items()}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IRER",
            "version": __version__,
            "description": "Hunts over a 2-D field simulation: start, steer, watch, read.",
        },
        "paths": {
            "/api/start-hunt": {"post": _command("Start a hunt.", schemas.hunt_settings())},
            **{
                f"/api/{step}-hunt": {
                    "post": _command(f"{step.capitalize()} the hunt.", schemas.EMPTY)
                }
                for step in ("stop", "pause", "resume")
            },
            "/api/get-status": {"get": _read("The status of the hunt.", schemas.status())},
            "/api/get-constants": {"get": _read("The names of the status's keys.", constants)},
            "/api/events": {"get": _events()},
            "/api/runs": {
                "get": _read("A page of the run list.", schemas.run_page(), "422")
                | {"parameters": query}
            },
            "/api/runs/{id}": {
                "get": _read("One run.", schemas.run(), "404") | {"parameters": [run]}
            },
            "/api/runs/{id}/artifact": {"get": _artifact() | {"parameters": [run]}},
            "/api/openapi.json": {"get": _read("This description.", {"type": "object"})},
        },
        "components": {
            "schemas": {"Problem": schemas.problem(), "Snapshot": schemas.snapshot()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _read(summary: str, answer: Schema, *refusals: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _json(answer), **_refused(*refusals)}}


def _command(summary: str, body: Schema) -> dict[str, Any]:
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "202": _json(schemas.hunt()),
            **_refused("400", "403", "409", "413", "415", "422", "429"),
        },
    }


def _artifact() -> dict[str, Any]:
    file: Schema = {"application/x-hdf5": {}}
    return {
        "summary": "The run's HDF5 file; its ETag is the SHA-256 of its contents.",
        "responses": {
            "200": {"description": "The whole.", "content": file},
            "206": {"description": "The range that was asked for.", "content": file},
            "304": {"description": "It is what If-None-Match names."},
            **_refused("403", "404", "410", "416"),
        },
    }


def _events() -> dict[str, Any]:
    number = {"type": "integer", "minimum": 0}
    words = "Begin behind this event; Last-Event-ID, which comes first, says the same."
    return {
        "summary": "Server-sent events: a snapshot of the status, then the ledger's events.",
        "parameters": [
            {"name": "after", "in": "query", "description": words, "schema": number},
            {"name": "Last-Event-ID", "in": "header", "description": words, "schema": number},
        ],
        "responses": {
            "200": {
                "description": "The stream; `id` is the number of an event. The message "
                "`snapshot`, the first, is as the schema Snapshot says.",
                "content": {"text/event-stream": {}},
            },
            **_refused("422"),
        },
    }


def _json(schema: Schema) -> dict[str, Any]:
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _refused(*statuses: str) -> dict[str, Any]:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _REFUSALS[status], "content": content}
        for status in sorted({*statuses, *_ALWAYS})
    }
