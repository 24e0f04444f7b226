"""dune's files: their forms, and what a `dune-project` wants of Coq."""

import re
from collections.abc import Iterator
from typing import TypeAlias

from coqdata.wanted import Wanted, all_of, bound, needs, none_of, one_of

Form: TypeAlias = "str | list[Form]"

_TOKEN = re.compile(r';[^\n]*|[()]|"(?:[^"\\]|\\.)*"|[^\s();"]+')
_DEEPEST = 50
_SIGNS = ("=", "<", "<=", ">", ">=", "<>")


def forms(text: str) -> list[Form]:
    """The forms of a dune file; what is not closed is left out."""
    top: list[Form] = []
    stack: list[list[Form]] = [top]
    for token in _TOKEN.findall(text):
        if token.startswith(";"):
            continue
        if token == "(":
            if len(stack) > _DEEPEST:
                return top
            stack.append([])
        elif token == ")":
            if len(stack) > 1:
                done = stack.pop()
                stack[-1].append(done)
        else:
            stack[-1].append(token[1:-1] if token.startswith('"') else token)
    return top


def packages_wanted(text: str) -> Iterator[Wanted]:
    """What each package of a `dune-project` wants of Coq, of those that say something."""
    for package in forms(text):
        if not isinstance(package, list) or package[:1] != ["package"]:
            continue
        fields = [form for form in package if isinstance(form, list) and form]
        depends = [_package(one) for field in fields if field[0] == "depends" for one in field[1:]]
        conflicts = [_package(one) for field in fields if field[0] == "conflicts" for one in field[1:]]
        found = all_of((*depends, none_of(conflicts)))
        if found is not None:
            yield found


def _package(form: Form) -> Wanted | None:
    match form:
        case str(name):
            return needs(name, None)
        case ["and", *parts]:
            return all_of(map(_package, parts))
        case ["or", *parts]:
            return one_of(map(_package, parts))
        case [str(name), *conditions]:
            return needs(name, all_of(map(_condition, conditions)))
    return None


def _condition(form: Form) -> Wanted | None:
    match form:
        case ["and", *parts]:
            return all_of(map(_condition, parts))
        case ["or", *parts]:
            return one_of(map(_condition, parts))
        case [str(sign), str(version)] if sign in _SIGNS:
            return bound(sign, version)
    return None  # `:build`, and what is compared with a variable
