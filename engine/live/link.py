"""The link of an engine to other hosts, where one is asked for."""

import os
from typing import TYPE_CHECKING

from engine.live.bus import Bus
from engine.live.condition import URL_VARIABLE
from engine.store.reader import LedgerReader

if TYPE_CHECKING:
    from engine.live.redis_link import RedisLink


def open_link(ledger: LedgerReader, bus: Bus, *, publishes: bool) -> "RedisLink | None":
    """The link that `$IRER_REDIS_URL` asks for, if it does.

    Raises:
        SettingsError: not the URL of a Redis.
    """
    url = os.environ.get(URL_VARIABLE, "")
    if not url:
        return None
    from engine.live.redis_link import RedisLink  # Redis's client is loaded where it is wanted

    return RedisLink(url, ledger, bus, publishes=publishes)
