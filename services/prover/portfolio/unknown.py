"""Names that Coq does not find make a whole sentence fail before any tactic of it runs: which tactics are to blame."""

import re
from collections.abc import Sequence

_UNKNOWN = re.compile(
    r"(?:The (?:reference|variable) (?P<unknown>[\w'.]+) was not found|"
    r"Cannot coerce (?P<constructor>[\w'.]+) to an evaluable reference)"
)


def unreadable(message: str, tactics: Sequence[str]) -> list[str]:
    """The tactics that name what Coq, by its message, does not find there: each of them fails."""
    found = _UNKNOWN.search(message)
    if found is None:
        return []
    name = re.escape(found["unknown"] or found["constructor"])
    if found["constructor"]:
        named = re.compile(rf"\bunfold\b.*(?<![\w'.]){name}(?![\w'])", re.S)
    else:
        named = re.compile(rf"(?<![\w'.]){name}(?![\w'])")
    return [tactic for tactic in tactics if named.search(tactic)]
