"""A ledger of many runs, written in bulk: the same tables as a hunt's, random figures."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.settings import HuntSettings, RunConfig
from engine.store.event_kinds import RUN_COMMITTED
from engine.store.ledger import Ledger
from engine.store.listing import LISTING_INDEXES, fold
from engine.store.run_row import PARAMETERS, SCORES

SMALL_HUNT = 1000
_BATCH = 10_000


def build(path: Path, runs: int, *, alone: bool = False) -> None:
    """Write a ledger: one hunt with nine tenths of the runs, and hunts of a thousand.

    With `alone` it is one hunt with all of them.

    One run in ten has failed, and one in twenty lacks a figure.
    """
    with Ledger(path) as ledger:
        big = runs if alone else runs * 9 // 10
        sizes = [big, *[SMALL_HUNT] * ((runs - big) // SMALL_HUNT)]
        hunts = [ledger.create_hunt(HuntSettings()) for _ in sizes]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    names = [line.split()[2] for line in LISTING_INDEXES.splitlines()]
    for name in names:
        connection.execute(f"DROP INDEX {name}")
    places = ((hunt, i) for hunt, size in zip(hunts, sizes, strict=True) for i in range(size))
    rows = zip(_rows(runs), places, strict=False)
    while batch := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
        connection.execute("BEGIN")
        _insert(connection, "runs", [row for row, _ in batch])
        _insert(connection, "hunt_runs", [_place(row, *place) for row, place in batch])
        _insert(connection, "events", [_event(row, *place) for row, place in batch])
        connection.execute("COMMIT")
    connection.execute("BEGIN")
    fold(connection)
    connection.execute("COMMIT")
    for statement in LISTING_INDEXES.splitlines():
        connection.execute(statement)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _rows(count: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(0)
    config = RunConfig().to_dict()
    for i in range(count):
        ok = i % 10 != 9
        values = {name: draw.random() for name in PARAMETERS}
        text = json.dumps({**config, **values, "seed": i}, sort_keys=True, separators=(",", ":"))
        yield {
            "config_hash": hashlib.sha1(text.encode()).hexdigest(),
            "param_hash": hashlib.sha1(str(values).encode()).hexdigest(),
            "config": text,
            **values,
            "status": "ok" if ok else draw.choice(("diverged", "too_few_peaks", "audit_failed")),
            "error": "" if ok else f"stopped at step {draw.randrange(1000)}",
            **{name: draw.random() if ok else None for name in SCORES},
            "n_peaks": draw.randrange(3, 9) if ok else None,
            "sdg_h_norm_l2": draw.random() if i % 20 else None,
            "pcs_score": draw.random() if i % 20 else None,
            "evolution_residual": draw.random() * 1e-6 if i % 20 else None,
            "defect_density": draw.random() if i % 20 else None,
            "artifact_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "artifact_bytes": 430_000 + draw.randrange(1000),
            "committed": f"2026-11-{1 + i // 86_400:02d}T{i % 86_400:05d}.000+00:00",
            "evicted": None if i % 3 else f"2026-11-{1 + i // 86_400:02d}T00:00:00.000+00:00",
        }


def _place(row: dict[str, Any], hunt_id: str, member: int) -> dict[str, Any]:
    return {
        "hunt_id": hunt_id,
        "generation": 1 + member // 100,
        "member": member % 100,
        "replicate": 0,
        "config_hash": row["config_hash"],
        "fitness": None if row["log_prime_sse"] is None else 1 / (row["log_prime_sse"] + 1e-3),
    }


def _event(row: dict[str, Any], hunt_id: str, member: int) -> dict[str, Any]:
    told = {name: row[name] for name in ("status", "error", *SCORES, *PARAMETERS)}
    return {
        "at": row["committed"],
        "kind": RUN_COMMITTED,
        "hunt_id": hunt_id,
        "config_hash": row["config_hash"],
        "payload": json.dumps({**told, **_place(row, hunt_id, member)}),
    }


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
