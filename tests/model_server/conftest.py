"""What the tests of the model server share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from .upstream import Upstream, upstream


@pytest_asyncio.fixture
async def behind() -> AsyncIterator[Upstream]:
    """An OpenAI-compatible server with faults."""
    async with upstream() as state:
        yield state
