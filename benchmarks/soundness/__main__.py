"""Counts what the strict policy refuses of installed libraries and of the shared corpora, against a written list.

usage: python -m benchmarks.soundness [--toolchain NAME] [--library NAME]... [--no-corpora] [--definitions]

Status 1 where something is refused that `refused.toml` does not have, or more than 0.1 % of the theorems are.
"""

import argparse
import asyncio
import sys
import tomllib
from pathlib import Path

from benchmarks import pin_toolchain
from benchmarks.checker import workload
from benchmarks.soundness.corpora import check, projects
from benchmarks.soundness.libraries import Surveyed, installed, survey
from coq_checker.toolchain import Toolchain, find_toolchain

MOST_REFUSED = 0.001
# What the ends of the engines' processes take to be heard of.
_LAST_WORDS_S = 0.5
_LIST = Path(__file__).with_name("refused.toml")


def written() -> dict[str, str]:
    """Why each theorem is refused that is known to be: names without the root of Coq's own library."""
    return {name: why for why, names in tomllib.loads(_LIST.read_text()).items() for name in names["theorems"]}


def short(name: str) -> str:
    """A name as the list has it: Coq's own library has another root in another release."""
    root, _, rest = name.partition(".")
    return rest if root in ("Coq", "Stdlib", "Corelib") else name


def show(one: Surveyed, known: dict[str, str]) -> list[str]:
    """Prints a library's line; the refused theorems that the list does not have."""
    share = f"{100 * len(one.refused) / one.theorems:.3f} %" if one.theorems else ""
    print(
        f"{one.name:32} {one.theorems:7} theorems {len(one.refused):4} refused {share:9} "
        f"{one.definitions:7} definitions {len(one.refused_definitions):4} refused",
        flush=True,
    )
    for part, why in one.left_out.items():
        print(f"    left out: {part}: {why[:120]}")
    unknown = [name for name in one.refused if short(name) not in known]
    for name in unknown:
        print(f"    not in the list: {name}: {one.refused[name][:300]}")
    return unknown


async def _libraries(toolchain: Toolchain, wanted: list[str]) -> list[Surveyed]:
    there = installed(toolchain)
    found = [await survey(toolchain, name, files) for name, files in there.items() if not wanted or name in wanted]
    await asyncio.sleep(_LAST_WORDS_S)
    return [one for one in found if one.theorems or one.definitions]


def main() -> int:
    """Counts and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soundness", description=__doc__.splitlines()[0])
    parser.add_argument("--toolchain", default="", help="whose libraries; by default Coq 8.20")
    parser.add_argument("--library", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--no-corpora", action="store_true", help="libraries only")
    parser.add_argument("--definitions", action="store_true", help="print the refused definitions too")
    arguments = parser.parse_args()
    pin_toolchain()
    toolchain = find_toolchain(arguments.toolchain or None)
    known, found, unknown = written(), [], []
    print(f"{toolchain.name}: Coq {toolchain.coq_version}")
    for one in asyncio.run(_libraries(toolchain, arguments.library)):
        found.append(one)
        unknown += show(one, known)
        if arguments.definitions:
            for name, why in one.refused_definitions.items():
                print(f"    definition {name}: {why[:200]}")
    if not arguments.no_corpora and not arguments.library:
        for folder in projects(workload.shared()):
            found.append(check(toolchain, folder))
            unknown += show(found[-1], known)
    theorems, refused = sum(one.theorems for one in found), sum(len(one.refused) for one in found)
    share = refused / max(1, theorems)
    print(f"all: {refused} of {theorems} theorems refused, {100 * share:.3f} %; {len(unknown)} not in the list")
    return 1 if unknown or share > MOST_REFUSED else 0


if __name__ == "__main__":
    sys.exit(main())
