"""The ledger's tables, and how a connection to them is opened.

What must never be there (NaN, an infinity, a score beside a failure) is refused by the tables
themselves, whoever writes.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import LedgerError
from engine.settings import FAILURES, STATUS_OK
from engine.store.listing import LISTING, LISTING_INDEXES, PLACE_TAKEN, fold
from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES

USER_VERSION = 4
HUNT_STATES = ("running", "completed", "stopped", "failed")
ENDED = HUNT_STATES[1:]
BUSY_SECONDS = 30.0
"""How long a connection waits for a writer of another process."""
_CACHE_KIB = 32_768
_LARGEST = "1.7976931348623157e308"


def _real(name: str, bound: str = "") -> str:
    finite = f"typeof({name}) = 'real' AND abs({name}) <= {_LARGEST}{bound}"
    return f"{name} REAL CHECK ({name} IS NULL OR ({finite}))"


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _metric(name: str) -> str:
    if name.startswith("p_"):
        return _real(name, f" AND {name} BETWEEN 0 AND 1")
    return _real(name, f" AND {name} >= 0")


_METRICS = ",\n    ".join(_metric(name) for name in (*SCORES, *EVIDENCE))
_PARAMETERS = ",\n    ".join(f"{name} REAL NOT NULL" for name in PARAMETERS)
_NO_SCORE = " AND ".join(f"{name} IS NULL" for name in SCORES)

_PLACES = f"""CREATE TABLE hunt_runs (
    hunt_id TEXT NOT NULL REFERENCES hunts (hunt_id),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    member INTEGER NOT NULL CHECK (member >= 0),
    replicate INTEGER NOT NULL DEFAULT 0 CHECK (replicate >= 0),
    config_hash TEXT NOT NULL REFERENCES runs (config_hash),
    {_real("fitness")},
    gradient TEXT,
    PRIMARY KEY (hunt_id, generation, member, replicate)
);
CREATE INDEX hunt_runs_by_run ON hunt_runs (config_hash);
"""
_LINKS = """CREATE TABLE links (
    config_hash TEXT NOT NULL,
    relation TEXT NOT NULL,
    origin TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (config_hash, relation, origin)
);
CREATE INDEX links_by_origin ON links (origin);
"""
_WRITER = """CREATE TABLE writer (epoch INTEGER NOT NULL);
INSERT INTO writer VALUES (0);
"""
_IDENTITY = """CREATE TABLE identity (ledger TEXT NOT NULL);
INSERT INTO identity VALUES (lower(hex(randomblob(16))));
"""
_EVENT_INDEX = """CREATE INDEX events_by_run ON events (config_hash) WHERE config_hash IS NOT NULL;
"""

SCHEMA = f"""
CREATE TABLE hunts (
    hunt_id TEXT PRIMARY KEY NOT NULL,
    created TEXT NOT NULL,
    settings TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ({_listed(HUNT_STATES)})),
    reason TEXT NOT NULL DEFAULT '',
    ended TEXT
);
CREATE TABLE runs (
    config_hash TEXT PRIMARY KEY NOT NULL CHECK (length(config_hash) = 40),
    param_hash TEXT NOT NULL,
    config TEXT NOT NULL,
    {_PARAMETERS},
    status TEXT NOT NULL CHECK (status IN ({_listed((STATUS_OK, *FAILURES))})),
    error TEXT NOT NULL DEFAULT '',
    {_METRICS},
    n_peaks INTEGER CHECK (n_peaks IS NULL OR (typeof(n_peaks) = 'integer' AND n_peaks >= 0)),
    artifact_sha256 TEXT,
    artifact_bytes INTEGER,
    committed TEXT NOT NULL,
    evicted TEXT,
    CHECK ((status = '{STATUS_OK}') = (log_prime_sse IS NOT NULL)),
    CHECK (status = '{STATUS_OK}' OR ({_NO_SCORE}))
);
CREATE INDEX runs_by_parameters ON runs (param_hash);
{_PLACES}{_LINKS}CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    hunt_id TEXT REFERENCES hunts (hunt_id),
    config_hash TEXT,
    payload TEXT NOT NULL
);
{_EVENT_INDEX}{_WRITER}{_IDENTITY}{LISTING}"""
"""Everything but the indexes of the listing."""

_FROM_1 = f"""
ALTER TABLE runs ADD COLUMN {_metric("defect_density")};
ALTER TABLE runs ADD COLUMN evicted TEXT;
DROP INDEX hunt_runs_by_run;
ALTER TABLE hunt_runs RENAME TO hunt_runs_1;
{_PLACES}INSERT INTO hunt_runs (hunt_id, generation, member, config_hash, fitness)
    SELECT hunt_id, generation, member, config_hash, fitness FROM hunt_runs_1 ORDER BY rowid;
DROP TABLE hunt_runs_1;
{_LINKS}{_EVENT_INDEX}{_WRITER}{_IDENTITY}{LISTING}"""
_FROM_2 = f"""
DROP TRIGGER place_taken;
{PLACE_TAKEN}{_WRITER}{_IDENTITY}"""


def connect_writer(path: Path, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection that writes, to a ledger that is created or brought up to date.

    Every commit is on the disk before it returns (WAL, synchronous=FULL).

    Raises:
        LedgerError: not a ledger, a newer one, or a disk that cannot be written.
    """
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            mode = _set_wal(connection, busy_seconds)
            if mode != "wal":
                raise LedgerError(
                    f"{path}: journal mode {mode}, expected wal; put the workspace on a local "
                    "disk, not on a network share."
                )
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            _create(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_reader(path: Path) -> sqlite3.Connection | None:
    """A connection that only reads; None when there is no ledger yet.

    Raises:
        LedgerError: not a ledger, a newer one, or an older one that nobody has brought up to date.
    """
    opened = _open_to_read(path)
    if opened is None:
        return None
    connection, version = opened
    if version < USER_VERSION:
        connection.close()
        raise LedgerError(
            f"{path}: version {version}, this engine reads {USER_VERSION}; end what hunts in it "
            "and run `irer export`, which brings it up to date and loses nothing."
        )
    connection.row_factory = sqlite3.Row
    return connection


def is_older(path: Path) -> bool:
    """Whether a ledger is there and of an older version.

    Raises:
        LedgerError: not a ledger, or a newer one.
    """
    opened = _open_to_read(path)
    if opened is None:
        return False
    connection, version = opened
    connection.close()
    return version < USER_VERSION


def _open_to_read(path: Path) -> tuple[sqlite3.Connection, int] | None:
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(
            f"{path}: {error.strerror or error}, expected a readable ledger; check its "
            "permissions or choose another --workspace."
        ) from error
    with translated(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            version = _version(connection, path)
        except BaseException:
            connection.close()
            raise
        if version == 0:  # its writer is about to create the tables
            connection.close()
            return None
        return connection, version


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises inside the block into a one-line `LedgerError`."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_FULL"):
            advice = "free disk space; nothing already written is lost."
        elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR")):
            advice = "make the workspace writable or choose another --workspace."
        elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            advice = "wait for the other process that writes it, then try again."
        elif name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            advice = "run `irer rebuild-ledger`: the files of the runs keep every result."
        else:
            advice = "nothing was written, report this."
        raise LedgerError(f"{path}: {error}, expected a working ledger; {advice}") from error


def _set_wal(connection: sqlite3.Connection, busy_seconds: float) -> str:
    """The journal mode after asking for WAL.

    Of processes that change it at once, SQLite refuses all but one without waiting its timeout
    (it upgrades a read lock there, where waiting could be a deadlock): they ask again here.
    """
    until = time.monotonic() + busy_seconds
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def _create(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, path)
        if version == 0:
            tables = connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
            if tables:
                raise LedgerError(
                    f"{path}: holds a table {tables[0]!r}, expected a ledger; move the file away "
                    "or choose another --workspace."
                )
            _execute(connection, SCHEMA + LISTING_INDEXES)
        elif version == 1:
            _execute(connection, _FROM_1)
            fold(connection)
            _execute(connection, LISTING_INDEXES)
        elif version == 2:
            _execute(connection, _FROM_2)
        elif version == 3:
            _execute(connection, _IDENTITY)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _execute(connection: sqlite3.Connection, statements: str) -> None:
    """Not `executescript`: that would commit the transaction first."""
    for statement in statements.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={USER_VERSION}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > USER_VERSION:
        raise LedgerError(
            f"{path}: version {version}, this engine reads {USER_VERSION}; update irer or choose "
            "another --workspace."
        )
    return version
