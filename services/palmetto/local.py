"""A prover for a command: the one that is named, or a stack of the command's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from palmetto.stack import StackError, StackOptions, stack, stack_folder
from prover.client import ProverClient


@asynccontextmanager
async def a_prover(server: str | None, options: StackOptions) -> AsyncIterator[ProverClient]:
    """A client of the prover at `server`, or of a stack started for as long as the block lasts.

    Raises:
        StackError: it is not there, or does not come up.
    """
    if server is not None:
        async with ProverClient(server) as client:
            why = await client.ready()
            if why:
                raise StackError(why)
            yield client
        return
    with stack_folder() as folder:
        async with stack(options, folder) as up, ProverClient(up.prover_url) as client:
            yield client
