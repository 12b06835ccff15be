"""The event log as a Redis stream: its key, its entries, and how to reach it.

Each ledger has a stream of its own, named by the ledger's identity. An event's entry has the id
`<seq>-0`, so Redis itself refuses what it has already, and a gap shows. The ledger stays the truth:
a stream holds the newest events only, and may be lost.
"""

import json
import re
from collections.abc import Mapping, Sequence

import redis
from redis.backoff import EqualJitterBackoff, NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from engine.errors import SettingsError
from engine.live.condition import URL_VARIABLE
from engine.store.event import Event
from engine.store.event_kinds import EVENT_SCHEMA, KINDS

MOST = 20_000
"""Entries that a stream keeps, give or take a few hundred."""

PATIENCE = 5.0
"""Seconds after which a Redis that does not answer is lost."""

BACKOFF = EqualJitterBackoff(cap=10.0, base=0.05)
"""Seconds between attempts to reach a lost Redis, by their number."""

_NO_NOTICES = MaintNotificationsConfig(enabled=False)  # they want another protocol than ours
_ID = re.compile(rb"([1-9][0-9]{0,18})-0")

# Only what follows the newest entry is added, in one step: two publishers, or a connection that was
# made again behind our back, can neither double an event nor leave one out.
_APPEND = """
local last = '0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local about = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then last = string.match(about[i + 1], '^%d+') end
  end
end
if last ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 7 do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[i] .. '-0', 'schema', ARGV[i + 1],
    'at', ARGV[i + 2], 'kind', ARGV[i + 3], 'hunt_id', ARGV[i + 4],
    'config_hash', ARGV[i + 5], 'payload', ARGV[i + 6])
end
return 1
"""


class EntryError(Exception):
    """An entry that no publisher wrote."""


def key_of(identity: str) -> str:
    """The key of a ledger's stream, by `LedgerReader.identity`."""
    return f"irer:{identity}:events"


def connect(url: str) -> redis.Redis:
    """A client that raises at once where Redis does not answer; nothing is sent yet.

    Raises:
        SettingsError: not the URL of a Redis; it is not repeated, for it may hold a password.
    """
    try:
        pool = redis.ConnectionPool.from_url(url, maint_notifications_config=_NO_NOTICES)
    except (ValueError, TypeError):
        raise SettingsError(
            f"{URL_VARIABLE}: got a URL that cannot be read (not shown: it may hold a password), "
            "expected redis://[user:password@]host[:port][/database] or rediss://…; correct it, or "
            "leave it out to do without Redis.",
            field=URL_VARIABLE,
        ) from None
    pool.connection_kwargs.update(
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
        protocol=2,
    )
    return redis.Redis(connection_pool=pool)


def place_of(client: redis.Redis) -> str:
    """Which Redis it is, without the secrets of its URL: "127.0.0.1:6379/0"."""
    known = client.connection_pool.connection_kwargs
    where = known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}"
    return f"{where}/{known.get('db') or 0}"


def words_of(error: Exception, client: redis.Redis) -> str:
    """An error in words, without the secrets of the client's URL."""
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    for name in ("password", "username"):
        secret = client.connection_pool.connection_kwargs.get(name)
        words = words.replace(secret, "…") if secret else words
    return words


def append(client: redis.Redis, key: str, last: int, events: Sequence[Event]) -> bool:
    """Add the events that follow number `last`, if that is the newest entry of a stream.

    Returns:
        Whether it was; otherwise nothing was added.

    Raises:
        redis.RedisError: Redis is lost or refuses.
    """
    told = [text for event in events for text in _texts(event)]
    return bool(client.register_script(_APPEND)(keys=[key], args=[last, MOST, *told]))


def newest(client: redis.Redis, key: str) -> tuple[int, tuple[bytes, Mapping[bytes, bytes]] | None]:
    """The number that a stream has come to, and its newest entry; 0 and None for no stream.

    Raises:
        redis.RedisError: Redis is lost or refuses.
    """
    if not client.exists(key):
        return 0, None
    about = client.xinfo_stream(key)
    entry = about["last-entry"]
    number = int(bytes(about["last-generated-id"]).split(b"-")[0])
    return number, None if entry is None or entry[0] is None else entry


def _texts(event: Event) -> tuple[str | int, ...]:
    payload = json.dumps(event.payload, allow_nan=False, separators=(",", ":"))
    run, hunt = event.config_hash or "", event.hunt_id or ""
    return event.seq, EVENT_SCHEMA, event.at, event.kind, hunt, run, payload


def number_of(entry_id: bytes) -> int:
    """The event's number from an entry's id.

    Raises:
        EntryError: not an id that a publisher gives.
    """
    found = _ID.fullmatch(entry_id)
    if not found:
        raise EntryError(f"id {entry_id[:40]!r}, expected <number>-0")
    return int(found[1])


def event_of(entry_id: bytes, fields: Mapping[bytes, bytes] | None) -> Event | None:
    """The event of an entry; None for one of a newer schema or of a kind that nobody knows.

    Raises:
        EntryError: no publisher wrote it.
    """
    seq = number_of(entry_id)
    try:
        told = {name.decode(): value.decode() for name, value in (fields or {}).items()}
        schema, payload = int(told["schema"]), json.loads(told["payload"])
        event = Event(
            seq,
            told["at"],
            told["kind"],
            told["hunt_id"] or None,
            told["config_hash"] or None,
            payload,
        )
    except (KeyError, ValueError, RecursionError) as error:
        raise EntryError(f"entry {seq}-0: {type(error).__name__}: {error}") from None
    if not isinstance(payload, dict):
        raise EntryError(f"entry {seq}-0: payload is a {type(payload).__name__}")
    return event if schema <= EVENT_SCHEMA and event.kind in KINDS else None
