"""`palmetto crawl`: Coq projects from GitHub, split by date, built, as a catalogue."""

import asyncio
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from coq_checker.toolchain import ToolchainError, find_toolchain
from coqdata.catalogue import add_project
from coqdata.crawled import THEOREMS_FILE
from coqdata.project import ProjectError
from crawler.crawl import crawl as run_crawl
from crawler.discover import Wish
from crawler.model import CrawlError, Split, Status, moment_of
from crawler.report import REPORT_FILE, TABLE_FILE, Report
from crawler.settings import CrawlerSettings
from palmetto.commands import fail

_SHOWN_ROWS = 60


def crawl(
    until: Annotated[str, typer.Option(help="The date that divides, such as 2024-01-01 (UTC).")],
    split: Annotated[Split, typer.Option(help="train: what was there before the date; test: what was stated since.")],
    out: Annotated[Path, typer.Option(help="Folder of the crawl; one that was begun is gone on with.")],
    min_stars: Annotated[int, typer.Option(min=0, help="Stars that a repository has at least.")] = 0,
    licences: Annotated[
        str, typer.Option(help="Licences that will do, SPDX names with commas (MIT,Apache-2.0); default: any.")
    ] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Repositories that are fetched at the most, those with most stars first.")
    ] = None,
    build: Annotated[bool, typer.Option("--build/--no-build", help="Build what is fetched, in the sandbox.")] = True,
    against: Annotated[
        list[Path] | None, typer.Option(help="Folder of another crawl whose statements count as known before.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add the projects to those that `palmetto` knows.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Repositories at one time; default: the cores.")] = None,
    toolchain: Annotated[
        str | None, typer.Option(help="Build with this one; default: the one in use.", metavar="NAME")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a repository.")] = False,
) -> None:
    """Fetch Coq projects from GitHub, split by the date of what is in them, and build them.

    The token is read from GITHUB_TOKEN. A crawl that ends early is gone on with by the same command.
    Exit 0: all is done; 1: something could not be had this time, the same command tries it again; 2: could not run.
    """
    try:
        moment = moment_of(until)
    except ValueError:
        raise fail(f"{until!r} is no date: give one such as --until 2024-01-01.") from None
    wanted = frozenset(one.strip().lower() for one in licences.split(",") if one.strip())
    wish = Wish(split, moment, min_stars, wanted, limit)
    try:
        settings = CrawlerSettings()
        found = find_toolchain(toolchain) if build else None
        report, whole = asyncio.run(
            run_crawl(
                out,
                wish,
                settings=settings,
                toolchain=found,
                say=lambda line: print(line, file=sys.stderr, flush=True),
                against=against or (),
                jobs=jobs or os.cpu_count() or 1,
            )
        )
        if add:
            for line in report.lines:
                if line.result.status.kept:
                    add_project(line.result.folder, out / "projects" / line.result.folder)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"PALMETTO_CRAWLER_{str(first['loc'][0]).upper()}" if first["loc"] else "PALMETTO_CRAWLER_..."
        raise fail(f"the setting {name} is wrong ({first['msg']}): see docs/crawling.md.") from None
    except SettingsError as error:
        field = re.search(r'"(\w+)"', str(error))
        name = f"PALMETTO_CRAWLER_{field[1].upper() if field else '...'}"
        raise fail(f"the setting {name} is wrong (a list is written as JSON): see docs/crawling.md.") from None
    except (CrawlError, ToolchainError, ProjectError) as error:
        raise fail(str(error)) from None
    _show(report, out, as_json)
    raise typer.Exit(0 if whole else 1)


def _show(report: Report, out: Path, as_json: bool) -> None:
    if as_json:
        print((out / REPORT_FILE).read_text("utf-8"), end="")
        return
    table = report.table
    if len(report.lines) > _SHOWN_ROWS:
        table = table.partition("\n| repository |")[0]  # the rest is in the file
    print(table)
    kept = report.count(Status.BUILDS, Status.PARTLY, Status.UNBUILT)
    counted = Counter(line.result.status.value for line in report.lines)
    shown = ", ".join(f"{number} {name}" for name, number in counted.most_common())
    print(f"{kept} of {len(report.lines)} repositories are in {out / 'catalogue.json'} ({shown or 'none'}).")
    theorems = f" {len(report.theorems)} test theorems are in {out / THEOREMS_FILE}." if report.theorems else ""
    print(f"The table is in {out / TABLE_FILE}, all of it in {out / REPORT_FILE}.{theorems}")
