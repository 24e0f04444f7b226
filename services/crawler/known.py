"""Repositories of known data sets: CoqGym's, PALM's and CoqStoq's."""

import tomllib
from functools import cache
from importlib.resources import files

from coqdata.catalogue import catalogue


@cache
def _known() -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Addresses by data set, in lower case, and organisations by their later name."""
    given = tomllib.loads(files("crawler").joinpath("known.toml").read_text("utf-8"))
    moved = {later.lower(): earlier.lower() for later, earlier in given.pop("moved").items()}
    found = {}
    for name, one in given.items():
        listed = [f"{owner}/{project}" for owner in one["owners"] for project in one["names"]]
        found[name] = frozenset(_plain(address, moved) for address in (*listed, *one["repositories"]))
    palm = [entry.upstream.rpartition("github.com/")[2] for entry in catalogue().values() if entry.palm_theorems]
    found["palm"] = frozenset(_plain(address, moved) for address in palm)
    return dict(sorted(found.items())), moved


def _plain(name: str, moved: dict[str, str]) -> str:
    owner, _, short = name.lower().removesuffix(".git").partition("/")
    return f"{moved.get(owner, owner)}/{short}"


def marks(*names: str) -> tuple[str, ...]:
    """Data sets that a repository belongs to, by any of its names `owner/name`: of `coqgym`, `coqstoq`, `palm`."""
    known, moved = _known()
    plain = {_plain(name, moved) for name in names if name}
    return tuple(data_set for data_set, addresses in known.items() if plain & addresses)
