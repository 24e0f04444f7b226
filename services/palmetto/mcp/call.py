"""One call of a tool: its time limit, its progress, and what becomes of the errors of those it asks."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from coq_checker.client import CheckerError
from palmetto.mcp.services import Clients, MissingServiceError, Services
from palmetto.stack import StackError
from prover.client import ProverError
from retriever.client import RetrieverError

Ctx = Context[Any, Any]

# Something new is told at most this often; that work goes on, so often at the least.
_NEWS_S = 0.5
_ALIVE_S = 5.0


class Call:
    """A call that is under way.

    Attributes:
        doing: what is being done, in a few words; told as the call's progress.
    """

    def __init__(self, services: Services, doing: str) -> None:
        self._services = services
        self.doing = doing

    async def clients(self) -> Clients:
        """The clients of the services, which are waited for.

        Raises:
            StackError: they do not come up.
        """
        if self._services.up:
            return await self._services.clients()
        then, self.doing = self.doing, "starting Coq and the services"
        clients = await self._services.clients()
        self.doing = then
        return clients


@contextlib.asynccontextmanager
async def call(ctx: Ctx, services: Services, limit_s: float, doing: str) -> AsyncIterator[Call]:
    """The call of a tool.

    Args:
        ctx: the request's.
        services: what it may ask.
        limit_s: wall clock after which it is given up, and its work stopped.
        doing: what it does.

    Raises:
        ToolError: it took too long, or a service did not answer; one sentence.
    """
    one = Call(services, doing)
    telling = asyncio.create_task(_tell(ctx, one, limit_s))
    try:
        with anyio.fail_after(limit_s):
            yield one
    except TimeoutError as error:
        raise ToolError(
            f"this was given up after {limit_s:.0f} s ({one.doing}): a project that is used for the first time is "
            "built first, so ask again, or ask for less."
        ) from error
    except (CheckerError, RetrieverError, ProverError, StackError, MissingServiceError) as error:
        raise ToolError(str(error)) from error
    finally:
        # No progress is told after the answer.
        telling.cancel()
        await asyncio.wait([telling])


async def _tell(ctx: Ctx, one: Call, limit_s: float) -> None:
    begun = time.monotonic()
    told, told_at = "", begun
    # A client that has gone away is told nothing; its request is cancelled by the transport.
    with contextlib.suppress(Exception):
        while True:
            await asyncio.sleep(_NEWS_S)
            now = time.monotonic()
            if one.doing != told or now - told_at >= _ALIVE_S:
                told, told_at = one.doing, now
                await ctx.report_progress(round(now - begun, 1), limit_s, told)
