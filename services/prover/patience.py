"""How long a checker that does not answer is waited for: by all who ask it together, not by each in turn."""

import time

# Nobody has asked for so long: what was heard before says nothing of now.
_STALE_S = 30.0


class Patience:
    """What all attempts of a process know about their checker.

    Args:
        limit_s: how long it is waited for from the first question on that it did not answer.

    Attributes:
        why: what was said when it last did not answer; empty while it answers.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.why = ""
        self._since = 0.0
        self._failed_at = float("-inf")

    def answered(self) -> None:
        """It has answered somebody."""
        self.why = ""
        self._failed_at = float("-inf")

    def failed(self, why: str) -> None:
        """It has not answered somebody."""
        now = time.monotonic()
        if now - self._failed_at > _STALE_S:
            self._since = now
        self._failed_at = now
        self.why = why

    @property
    def spent(self) -> bool:
        """Whether it was waited for long enough."""
        return bool(self.why) and time.monotonic() - self._since > self.limit_s
