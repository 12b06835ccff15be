"""What is happening: the status of the hunt that the pages show."""

import dataclasses
from typing import Any

from engine.hunt.engine import Engine
from engine.store.event_kinds import EVENT_SCHEMA
from irer_panel.api.handler import ApiHandler
from irer_panel.snapshot import Snapshot, look

CONSTANTS = {
    "HUNT_STATUS": "hunt_status",
    "LAST_EVENT": "last_event",
    "LAST_SSE": "last_sse",
    "LAST_STABILITY": "last_h_norm",
    "FINAL_RESULT": "final_result",
}
"""The keys of the status that scripts ask for, by the names that they know them by."""


def status_of(engine: Engine) -> dict[str, Any]:
    """The status as the pages show it, JSON-ready. Reads files: call it off the event loop.

    Returns:
        `HuntStatus` by name, with `hunt_status` (its state), `final_result` (the best run of a hunt
        that is over), `elsewhere` (who else hunts in this workspace, empty for nobody),
        `event_schema` (the version of the events that follow) and `redis` (a `LinkState` by name,
        None where no link is asked for).
    """
    status, elsewhere = engine.status(), ""
    if not status.active:  # then what the ledger remembers may be newer
        seen = look(engine, Snapshot())
        status, elsewhere = seen.shown, seen.elsewhere
    over = not status.active and not elsewhere
    link = engine.link()
    return {
        **status.to_dict(),
        "hunt_status": status.state,
        "final_result": status.best if over else None,
        "elsewhere": elsewhere,
        "event_schema": EVENT_SCHEMA,
        "redis": None if link is None else dataclasses.asdict(link),
    }


class StatusHandler(ApiHandler):
    """GET /api/get-status."""

    async def get(self) -> None:
        """Answer with the newest status."""
        self.answer(await self.off_loop(status_of, await self.engine()))


class ConstantsHandler(ApiHandler):
    """GET /api/get-constants."""

    async def get(self) -> None:
        """Answer with the names of the status's keys."""
        self.answer(CONSTANTS)
