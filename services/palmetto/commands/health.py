"""`palmetto health`: whether services answer."""

import sys
import time
from typing import Annotated

import typer

from palmetto.commands import fail
from palmetto.health import HealthAddressError
from palmetto.health import wait as wait_for


def health(
    addresses: Annotated[
        list[str],
        typer.Argument(
            help="http://HOST:PORT, with or without a path such as /readyz, or HOST:PORT where it speaks gRPC.",
            metavar="ADDRESS",
        ),
    ],
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until all of them serve.", metavar="S")] = 0,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that one answer is waited for.", metavar="S")
    ] = 3.0,
) -> None:
    """Ask services whether they serve. Exit 0: all do; 1: one does not (it says why); 2: that is no address."""
    end = time.monotonic() + wait
    whole = True
    for address in addresses:
        try:
            why = wait_for(address, max(0.0, end - time.monotonic()), timeout)
        except HealthAddressError as error:
            raise fail(str(error)) from None
        if why:
            whole = False
            print(f"palmetto: {why}", file=sys.stderr)
        else:
            print(f"{address} serves")
    raise typer.Exit(0 if whole else 1)
