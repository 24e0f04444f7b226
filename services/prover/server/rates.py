"""How often one client may ask (a sliding window, in memory: each prover counts for itself)."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_WRONG_PER_MIN = 30


class Rates:
    """Counts requests by client address.

    Args:
        work_per_min: requests that begin work, in a minute; 0: any number.
    """

    def __init__(self, work_per_min: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._work = RateLimitItemPerMinute(work_per_min, namespace="work") if work_per_min else None
        self._wrong = RateLimitItemPerMinute(_WRONG_PER_MIN, namespace="wrong")

    def work(self, client: str) -> int:
        """Counts a request that begins work; 0, or after how many seconds it may come again."""
        if self._work is None or self._limiter.hit(self._work, client):
            return 0
        return self._wait_s(self._work, client)

    def wrong(self, client: str) -> int:
        """Counts a wrong token; 0, or for how many seconds no other one is looked at."""
        return 0 if self._limiter.hit(self._wrong, client) else self._wait_s(self._wrong, client)

    def too_wrong(self, client: str) -> int:
        """For how many seconds no token is looked at after too many wrong ones; 0 for none."""
        return 0 if self._limiter.test(self._wrong, client) else self._wait_s(self._wrong, client)

    def _wait_s(self, limit: RateLimitItemPerMinute, client: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(limit, client).reset_time - time.time()))
