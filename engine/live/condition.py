"""How a link to Redis stands, told to the log once a change and kept as figures."""

import logging
import threading
import time
from dataclasses import dataclass, replace

URL_VARIABLE = "IRER_REDIS_URL"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LinkState:
    """How a link to Redis stands.

    Attributes:
        place: which Redis: host, port and database.
        up: whether it answers.
        since: from when on that is so, Unix time.
        problem: why it is down; empty while it is up, and before the first attempt.
        published: events that this process has put there.
        skipped: events that came from there and were left out, being of a newer irer.
    """

    place: str
    up: bool = False
    since: float = 0.0
    problem: str = ""
    published: int = 0
    skipped: int = 0


class Condition:
    """The state of one link; safe to use from any thread."""

    def __init__(self, place: str) -> None:
        self._lock = threading.Lock()
        self._state = LinkState(place, since=time.time())
        self._said: set[str] = set()

    def state(self) -> LinkState:
        """How it stands now."""
        return self._state

    def note_up(self, published: int = 0) -> None:
        """Redis has answered; so many more events are there."""
        with self._lock:
            before = self._state
            since = before.since if before.up else time.time()
            total = before.published + published
            self._state = LinkState(before.place, True, since, "", total)
            self._said.clear()
        if not before.up:
            _log.info("Redis at %s: connected.", before.place)

    def note_down(self, problem: str) -> None:
        """Redis is lost, or refuses: each sort of problem, its first word, is said once."""
        sort = problem.split(maxsplit=1)[0]
        with self._lock:
            before = self._state
            since = time.time() if before.up else before.since
            self._state = replace(before, up=False, since=since, problem=problem)
            new = sort not in self._said
            self._said.add(sort)
        if new:
            _log.warning(
                "Redis at %s: %s. The ledger has every event; they follow when it answers.",
                before.place,
                problem.rstrip("."),
            )
