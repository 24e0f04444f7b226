"""Asking again after a failure that may pass."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from model_server.client.errors import ModelError

_log = structlog.get_logger("model_server")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when to ask again.

    Attributes:
        attempts: how often altogether.
        first_wait_s: before the second attempt; doubled from then on, with a random share of half of it.
        longest_wait_s: between two attempts. A server that wants more is not asked again.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0

    def wait_s(self, attempt: int, error: ModelError) -> float | None:
        """How long to wait after the failed `attempt` (from 1); None: do not ask again."""
        if not error.retryable or attempt >= self.attempts:
            return None
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= self.longest_wait_s else None
        wait_s = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 1))
        return wait_s * (0.5 + random.random() / 2)


async def with_retries(
    policy: RetryPolicy, call: Callable[[], Awaitable[T]], failed: Callable[[ModelError], None] | None = None
) -> T:
    """What `call` returns, at the latest at the last attempt.

    Args:
        policy: how often.
        call: asks.
        failed: told each failure.

    Raises:
        ModelError: the last failure.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call()
        except ModelError as error:
            if failed is not None:
                failed(error)
            wait_s = policy.wait_s(attempt, error)
            if wait_s is None:
                raise
            _log.info("asking again", attempt=attempt, wait_s=round(wait_s, 2), why=str(error))
            await asyncio.sleep(wait_s)
