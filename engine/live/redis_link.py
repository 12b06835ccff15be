"""The link of an engine to other hosts: what it publishes, and what it hears."""

from collections.abc import Callable
from dataclasses import replace

from engine.live.bus import Bus
from engine.live.condition import Condition, LinkState
from engine.live.follower import FollowerThread
from engine.live.publisher import Publisher
from engine.live.stream import connect, place_of
from engine.store.reader import LedgerReader


class RedisLink:
    """Events go to Redis when the bus rings, and the bus rings when events come from there."""

    def __init__(self, url: str, ledger: LedgerReader, bus: Bus, *, publishes: bool) -> None:
        """Begin; whether Redis answers is found out in threads.

        Args:
            url: of the Redis.
            ledger: whose events.
            bus: of the engine.
            publishes: False for one who only follows.

        Raises:
            SettingsError: not the URL of a Redis.
        """
        own, client = connect(url), connect(url)
        self._publisher = Publisher(own, ledger) if publishes else None
        self._condition = Condition(place_of(client))
        self._unsubscribe: Callable[[], None] = lambda: None
        if self._publisher is not None:
            self._condition = self._publisher.condition
            self._unsubscribe = bus.subscribe(self._publisher.ring)
        told = None if publishes else self._condition
        self._follower = FollowerThread(client, ledger, bus.ring, told)

    def state(self) -> LinkState:
        """How it stands."""
        return replace(self._condition.state(), skipped=self._follower.skipped)

    def close(self) -> None:
        """Publish what is left, if Redis answers, and end."""
        self._follower.close()
        self._unsubscribe()
        if self._publisher is not None:
            self._publisher.close()
