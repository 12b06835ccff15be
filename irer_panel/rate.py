"""How often somebody may ask for what costs: a bucket of tokens for each that fills again."""

import math
import time

from tornado.web import RequestHandler

_MOST = 10_000


class Allowance:
    """So many at once, and so many a second afterwards, for each who asks.

    Args:
        burst: at once.
        per_second: afterwards.
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst, self._rate = burst, per_second
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> int:
        """Ask once.

        Returns:
            0, or after how many seconds to ask again.
        """
        now = time.monotonic()
        if len(self._left) >= _MOST:
            full = self._burst / self._rate
            self._left = {w: (n, at) for w, (n, at) in self._left.items() if now - at < full}
        left, at = self._left.get(who, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < 1:
            return math.ceil((1 - left) / self._rate)
        self._left[who] = (left - 1, now)
        return 0


def wait_of(handler: RequestHandler, name: str, bounds: tuple[int, float]) -> int:
    """Ask for one more request of a kind, on behalf of the address that sent it.

    Returns:
        0, or after how many seconds to ask again.
    """
    found: Allowance = handler.settings.setdefault(name, Allowance(*bounds))
    return found.take(handler.request.remote_ip or "")
