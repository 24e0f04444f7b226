"""From the bytes of SerAPI's answers to values: scanned line by line, never parsed as a whole."""

import re

from coq_checker.session.api import AstHead, CoqError
from coq_checker.session.sexp import str_field

_ADDED = re.compile(rb"^\(Answer \S+\(Added (\d+)(?:.*?\(bp (\d+)\)\(ep (\d+)\))?", re.M)
_ERROR_LINE = re.compile(rb"^\(Answer \S+\(CoqExn.*$", re.M)
_STM_IDS = re.compile(rb"\(stm_ids\(\((\d+) (\d+)\)\)\)")
_MESSAGE_LINE = re.compile(rb"^\(Feedback\(.*?\(contents\(Message\(level (\w+)\).*$", re.M)
_AST_LINE = re.compile(
    rb"^\(Answer \S+\(ObjList\(\(CoqAst\(\((control\((.*?)\)\)\(attrs\((.*?)\)\)\(expr\()"
    rb"(VernacSynPure|VernacSynterp)[ (]*(\w+)(?:\(\(ext_plugin ([^\s()]+)\)\(ext_entry ([^\s()]+)\)|[ (]*(\w+))?",
    re.M,
)
_SHOWN = frozenset((b"Notice", b"Warning"))


def added(answer: bytes) -> list[tuple[int, int, int]]:
    """State id, start and end of the sentences that an Add parsed, in order; offsets are bytes in its text."""
    return [(int(state), int(start or -1), int(end or -1)) for state, start, end in _ADDED.findall(answer)]


def error(answer: bytes) -> CoqError | None:
    """The first error that the answer reports."""
    if b"(CoqExn" not in answer:
        return None
    found = _ERROR_LINE.search(answer)
    if found is None:
        return None
    line = found[0]
    states = _STM_IDS.search(line)
    message = " ".join(str_field(line).split("\n")).strip() or "Coq gave no reason."
    return CoqError(
        message=message,
        # Coq names the last good state and the failing one.
        state=int(states[2]) if states else None,
        syntax=b"Gramlib.Grammar.Error" in line or b"CLexer.Error" in line or message.startswith("Syntax error"),
        out_of_memory=b'(exn"Out of memory' in line or b"(exn Out_of_memory" in line or message == "Out of memory.",
    )


def messages(answer: bytes) -> list[str]:
    """What Coq printed for the user: notices and warnings."""
    if b"(Message(level" not in answer:
        return []
    return [str_field(m[0]) for m in _MESSAGE_LINE.finditer(answer) if m[1] in _SHOWN]


def ast_head(line: bytes) -> AstHead | None:
    """What the sentence of a `Query Ast` answer line is."""
    found = _AST_LINE.match(line)
    if found is None:
        return None
    _, control, attributes, _, head, plugin, entry, detail = found.groups()
    command = head.decode()
    if head == b"VernacExtend" and plugin is not None:
        command = f"{plugin.decode()}:{entry.decode()}"
    return AstHead(
        command=command,
        detail=(detail or b"").decode(),
        controlled=bool(control),
        attributes=bool(attributes),
    )


def query_head(answer: bytes) -> AstHead | None:
    """What the sentence of a `Query Ast` or `Parse` answer is; None where there is none."""
    for line in answer.splitlines():
        if line.startswith(b"(Answer ") and b"(ObjList" in line[:64]:
            return ast_head(line)
    return None
