"""`palmetto up`: the whole stack on one machine."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from coq_checker.toolchain import ToolchainError
from palmetto.commands import fail
from palmetto.engine import EngineOption, use_engine
from palmetto.stack import StackError, StackOptions, stack, stack_folder
from palmetto.toolchains import for_services

# The stack ran, and could not go on.
DIED = 1


def up(
    project: Annotated[
        list[str] | None, typer.Option(help="Project to serve: NAME, DIR or NAME=DIR. May be repeated.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="`neighbours`, `replay:DIR`, or the address of an OpenAI-compatible server.")
    ] = "neighbours",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The prover's port; 0: any free one.")] = 8080,
    jobs: Annotated[int | None, typer.Option(min=1, help="Checks at one time; default: the cores.")] = None,
    logs: Annotated[Path | None, typer.Option(help="Folder for the services' logs.")] = None,
    toolchain: Annotated[
        str | None,
        typer.Option(help="Used where neither a request nor its project asks for another.", metavar="NAME"),
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Run checker, retriever, model server and prover until Ctrl-C, which ends all of them."""
    use_engine(engine)
    try:
        named = for_services(toolchain)
        options = StackOptions(tuple(project or ()), model, port=port, jobs=jobs, logs=logs, toolchain=named)
        told = asyncio.run(_run(options))
    except (StackError, ToolchainError) as error:
        raise fail(str(error)) from None
    if not told:
        raise typer.Exit(DIED)


async def _run(options: StackOptions) -> bool:
    """Runs the stack; whether it was told to end, and not that it could not go on, which it has said."""
    console = Console(stderr=True, highlight=False)
    loop = asyncio.get_running_loop()
    serving = asyncio.ensure_future(_serve(options, console))
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    ending = asyncio.create_task(told.wait())
    await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        ending.cancel()
        serving.result()
        return False
    console.print("ending")
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    return True


async def _serve(options: StackOptions, console: Console) -> None:
    with stack_folder() as temporary:
        folder = options.logs or temporary
        folder.mkdir(parents=True, exist_ok=True)
        async with stack(options, folder) as running:
            for name, address in running.addresses().items():
                console.print(f"{name:13} {address}")
            url = running.prover_url
            told = f"ready: {url} (the workbench, for a browser; {url}/docs describes the HTTP interface)"
            console.print(told, soft_wrap=True)
            await running.ended()
