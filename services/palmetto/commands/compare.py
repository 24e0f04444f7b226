"""`palmetto compare`: experiments side by side."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evaluator.errors import EvaluatorError
from evaluator.store import ExperimentStore, default_store
from palmetto.commands import fail
from palmetto.streams import print_json

_STDOUT = "-"


def compare(
    experiments: Annotated[
        list[str], typer.Argument(help="Names; each is compared with the first.", metavar="EXP_A EXP_B...")
    ],
    proj: Annotated[str | None, typer.Option(help="Only these projects.", metavar="NAME[,NAME...]")] = None,
    palm: Annotated[
        list[str] | None,
        typer.Option(
            help="Show a run of PALM's recorded outcomes; default: of the experiments' models.", metavar="CSV[:RUN]"
        ),
    ] = None,
    markdown: Annotated[
        str | None, typer.Option(help="Write the report as Markdown; `-`: to standard output.", metavar="FILE|-")
    ] = None,
    html: Annotated[
        str | None, typer.Option(help="Write the report with plots and every theorem as one page.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    every: Annotated[bool, typer.Option("--list", help="Print all of what one alone proves.")] = False,
    store: Annotated[
        Path | None, typer.Option(help="The experiment store. (PALMETTO_EXPERIMENTS)", metavar="PATH")
    ] = None,
) -> None:
    """Compare experiments: success, paired differences, time, causes and cost. Exit 0: done; 2: could not."""
    if as_json and markdown == _STDOUT:
        raise fail("--json and --markdown - both print to standard output: give --markdown a file.")
    names = [name.strip() for name in proj.split(",") if name.strip()] if proj is not None else None
    report(
        experiments,
        store=store or default_store(),
        projects=names,
        palm=palm or [],
        markdown=markdown,
        html=html,
        as_json=as_json,
        every=every,
    )


def report(
    experiments: list[str],
    *,
    store: Path,
    projects: list[str] | None = None,
    palm: list[str] | None = None,
    markdown: str | None = None,
    html: str | None = None,
    as_json: bool = False,
    every: bool = False,
    unmatched: Callable[[str], None] | None = None,
) -> None:
    """Prints and writes a comparison; `unmatched` as `loading.load` takes it.

    Raises:
        typer.Exit: it cannot be made; why is printed.
    """
    # SciPy and Jinja take longer to load than other commands take to run.
    from evaluator.report import html as page  # noqa: PLC0415
    from evaluator.report import loading, terminal, values  # noqa: PLC0415
    from evaluator.report import markdown as text  # noqa: PLC0415

    try:
        with ExperimentStore.open(store, create=False) as opened:
            found = loading.load(
                opened,
                experiments,
                projects=projects,
                palm=palm or (),
                answers=html is not None,
                unmatched=unmatched,
            )
    except EvaluatorError as error:
        raise fail(str(error)) from None
    if html is not None:
        _write(html, lambda: page.render(found))
    if markdown is not None:
        _write(markdown, lambda: text.render(found))
    if as_json:
        print_json(values.values(found))
    elif _STDOUT not in (markdown, html):
        console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=160)
        terminal.show(found, console, every=every)


def _write(where: str, render: Callable[[], str]) -> None:
    data = render().encode("utf-8", "replace")
    try:
        if where == _STDOUT:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            return
        Path(where).write_bytes(data)
    except OSError as error:
        raise fail(f"{where} cannot be written: {(error.strerror or 'unknown error').lower()}.") from None
    print(f"palmetto: wrote {where}", file=sys.stderr)
