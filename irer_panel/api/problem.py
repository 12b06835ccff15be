"""Errors of the HTTP interface: problem details as JSON (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

from engine.errors import (
    ArtifactError,
    DeviceMemoryError,
    EngineError,
    HuntBusyError,
    SettingsError,
    WorkspaceBusyError,
)

CONTENT_TYPE = "application/problem+json"

_STATUS = (
    (SettingsError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DeviceMemoryError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (HuntBusyError, HTTPStatus.CONFLICT),
    (WorkspaceBusyError, HTTPStatus.CONFLICT),
    (ArtifactError, HTTPStatus.NOT_FOUND),
)


class Problem(HTTPError):  # noqa: N818  (the standard's name)
    """A request that is refused.

    Attributes:
        detail: what, got, expected and what to do, on one line.
        fields: the same for each field of the request that is at fault, by name.
        headers: what the answer carries besides.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.detail = detail
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


def problem_of(error: EngineError) -> Problem:
    """How the engine's own refusal is told over HTTP."""
    status = next((each for kind, each in _STATUS if isinstance(error, kind)), None)
    field = error.field if isinstance(error, SettingsError) else ""
    detail = str(error)
    return Problem(
        status or HTTPStatus.SERVICE_UNAVAILABLE, detail, {field: detail} if field else None
    )


def body_of(status: int, detail: str, fields: Mapping[str, str]) -> bytes:
    """The JSON of a problem."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if fields:
        document["errors"] = [{"field": n, "detail": text} for n, text in fields.items()]
    return json.dumps(document).encode()
