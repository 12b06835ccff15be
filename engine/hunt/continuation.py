"""Which hunt goes on, and with what settings."""

import dataclasses

from engine.errors import SettingsError
from engine.settings import HuntSettings
from engine.store.reader import LedgerReader


def continuation(
    reader: LedgerReader, hunt_id: str, scheduler: str | None
) -> tuple[HuntSettings, str]:
    """The settings of an unfinished hunt, and its id.

    Args:
        reader: of the ledger.
        hunt_id: which; empty for the newest.
        scheduler: where its runs are computed now; None for where they were.

    Raises:
        SettingsError: no such hunt, or it was completed.
    """
    hunts = reader.hunts()
    found = [h for h in hunts if h["hunt_id"] == hunt_id] if hunt_id else hunts[:1]
    if not found or found[0]["state"] == "completed":
        got = f"{found[0]['hunt_id']}, which was completed" if found else hunt_id or "no hunt"
        raise SettingsError(
            f"hunt: got {got}, expected one that was stopped, failed or interrupted; start a "
            "new one, or look at the hunt list.",
            field="hunt_id",
        )
    settings = HuntSettings.from_mapping(found[0]["settings"])
    if scheduler is not None:
        settings = dataclasses.replace(settings, scheduler=scheduler)
    return settings, found[0]["hunt_id"]
