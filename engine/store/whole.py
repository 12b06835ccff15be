"""A look at a ledger that was just written and closed: is its one file all of it?

SQLite says nothing when the disk is too full to bring the log into the file as a connection closes;
it leaves the log beside it. Whoever moves the file alone would move a part of a ledger.
"""

import contextlib
from pathlib import Path

from engine.errors import LedgerError
from engine.store.tables import connect_writer, translated


def check_whole(path: Path) -> None:
    """Bring the log into the file, and make sure that the file is sound.

    Args:
        path: a ledger that nobody has open.

    Raises:
        LedgerError: the disk is full, or the file is damaged; it must not be moved then.
    """
    with contextlib.closing(connect_writer(path)) as connection, translated(path):
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
    left = path.with_name(f"{path.name}-wal")
    if busy or verdict != "ok" or (left.exists() and left.stat().st_size):
        got = "another process in it" if busy else verdict if verdict != "ok" else "a log beside it"
        raise LedgerError(
            f"{path}: got {got}, expected a whole ledger in one file; free disk space and check "
            "the disk, then try again."
        )
