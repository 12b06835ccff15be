"""A request that changes something: JSON of bounded size and depth, from a page of ours."""

import re
from http import HTTPStatus
from typing import Any

from tornado.web import stream_request_body

from engine.store import strict_json
from irer_panel.api.handler import ApiHandler
from irer_panel.api.limits import BODY_BYTES, DEPTH
from irer_panel.api.problem import Problem

_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_JSON = re.compile(r"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)


@stream_request_body
class CommandHandler(ApiHandler):
    """Reads its body in pieces, so that one that is too long is never held."""

    async def prepare(self) -> None:
        """Refuse by the head of the request what need not be read.

        Raises:
            Problem: another type than JSON, or too long.
        """
        self._body = bytearray()
        await super().prepare()
        if self.request.method != "POST":
            return
        kind = self.request.headers.get("Content-Type", "")
        if not _JSON.fullmatch(kind):
            # A form of another site can be sent without asking; JSON cannot.
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type: got {kind[:80]!r}, expected application/json; send that header.",
            )
        length = self.request.headers.get("Content-Length", "0")
        if not _LENGTH.fullmatch(length):
            raise Problem(HTTPStatus.BAD_REQUEST, "Content-Length: expected one whole number.")
        if int(length) > BODY_BYTES:
            raise _too_long()

    def data_received(self, chunk: bytes) -> None:
        """Keep no more than shows that there is too much."""
        self._body += chunk[: BODY_BYTES + 1 - len(self._body)]

    def body(self, *, required: bool) -> dict[str, Any]:
        """The object that was sent; where none is required, nothing counts as an empty one.

        Raises:
            Problem: too long, too deep, no JSON, or no object.
        """
        if len(self._body) > BODY_BYTES:
            raise _too_long()
        if not self._body.strip() and not required:
            return {}
        try:
            document = strict_json.loads(bytes(self._body))
        except ValueError as error:
            raise Problem(
                HTTPStatus.BAD_REQUEST, f"body: {error}, expected a JSON object; correct it."
            ) from None
        if strict_json.is_deeper(document, DEPTH):
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                f"body: nested more than {DEPTH} levels deep, expected an object of settings.",
            )
        return document


def _too_long() -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"body: longer than expected, at most {BODY_BYTES} bytes; send the settings that differ "
        "from the defaults alone.",
    )
