"""What is kept of a hunt beside the ledger: its record, and the report on its runs."""

import logging

from engine.hunt.significance import write_report
from engine.store.hunt_record import write_hunt_record
from engine.store.places_file import places_path, write_places
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)


def record(workspace: Workspace, reader: LedgerReader, hunt_id: str) -> None:
    """Keep what the ledger knows of a hunt beside it, so that it can be rebuilt.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    for hunt in reader.hunts():
        if hunt["hunt_id"] == hunt_id:
            if hunt["state"] != "running":
                # First: a record that says how the hunt ended promises its places.
                write_places(places_path(workspace, hunt_id), reader, hunt)
            write_hunt_record(workspace, hunt)


def report(workspace: Workspace, reader: LedgerReader, hunt_id: str) -> None:
    """Weigh the hunt's runs together; that this fails makes the hunt no failure."""
    try:
        write_report(workspace, reader, hunt_id)
    except Exception:
        _log.exception("The report on hunt %s could not be written.", hunt_id)
