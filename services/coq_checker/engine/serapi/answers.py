"""From the bytes of sertop's answers to values: scanned line by line, hardly ever parsed as a whole."""

import re
from dataclasses import dataclass, field

from coq_checker.engine.api import CoqError, Head
from coq_checker.engine.serapi.sexp import str_field

_ADDED = re.compile(rb"\(Added (\d+)")
_MESSAGE = re.compile(rb"\(Feedback\(\(doc_id \d+\)\(span_id \d+\)\(route \d+\)\(contents\(Message\(level (\w+)\)")
# Before Coq 8.19 a command is not in `VernacSynPure` or `VernacSynterp`, and before 8.17 plugins have no names.
_HEAD = re.compile(
    rb"\(ObjList\(\(CoqAst\(\(v\(\(control\((.*?)\)\)\(attrs\((.*?)\)\)\(expr"
    rb"[ (]*(?:VernacSynPure|VernacSynterp)?[ (]*(\w+)"
    rb"(?:\(\(ext_plugin ([^\s()]+)\)\(ext_entry ([^\s()]+)\)\(ext_index (\d+)\)|[ (]*(\w+))?"
)
# The last place in a syntax tree is that of the whole.
_PLACE = re.compile(rb"\(bp (\d+)\)\(ep (\d+)\)\)\)\)[)]*\s*$")
# `Defined NAME` and `Save NAME`.
_NAMED = re.compile(rb"\(VernacEndProof\(Proved \w+\(\(\(v\(Id ([^\s()]+)\)")
# What `VernacPrint` stands for besides may write files.
_PRINTS = frozenset(("PrintName", "PrintAbout"))
# Ltac2 has one entry for its sentences, of which the second is `par:`.
_LTAC2, _LTAC2_PARALLEL = b"VernacLtac2", b"1"
# What sertop says of itself, and what coqc does not say.
_CHATTER = (
    "Serlib plugin: ",
    "The command has indeed failed with message:",
    "The command has succeeded and its effects have been reverted.",
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that was parsed and not run.

    Attributes:
        start, end: where it stands: byte offsets in the text.
        head: what it is.
        named: the name that it gives to the proof that it ends; empty where it gives none.
        parallel: it works on its goals in parallel.
        opens: it opens a proof.
    """

    start: int
    end: int
    head: Head
    named: str = ""
    parallel: bool = False
    opens: bool = False


@dataclass(slots=True)
class Answer:
    """What sertop answered to one command.

    Attributes:
        state: of the sentence that was added.
        error: the first that was reported.
        printed: what Coq printed, as pairs of level and text.
        objects: lines of S-expressions, as they came.
    """

    state: int | None = None
    error: CoqError | None = None
    printed: list[tuple[str, str]] = field(default_factory=list)
    objects: list[bytes] = field(default_factory=list)

    @property
    def notices(self) -> tuple[str, ...]:
        """What Coq printed as the answer to what was asked, without its warnings."""
        return tuple(text for level, text in self.printed if level == "Notice")

    def messages(self, *, talk: bool = False) -> tuple[str, ...]:
        """What Coq printed for the user: notices and warnings; with `talk` what tactics tell by the way too."""
        return tuple(
            text
            for level, text in self.printed
            if level in ("Notice", "Warning") or (talk and level == "Info" and not text.startswith("[Loading ML file "))
        )


def read_answer(tag: bytes, lines: bytes) -> Answer:
    """The answer to the command `tag`. Only what carries the tag is sertop's word: other programs may write between."""
    found = Answer()
    own = re.compile(rb"\(Answer %s(?!\d) *" % tag)
    for line in lines.split(b"\n"):
        if (said := own.search(line)) is not None:
            _take(found, line[said.end() :])
        elif (message := _MESSAGE.search(line)) is not None:
            text = str_field(line)
            if not text.startswith(_CHATTER):
                found.printed.append((message[1].decode(), text))
    return found


def _take(found: Answer, said: bytes) -> None:
    if said.startswith(b"(CoqExn"):
        found.error = found.error or _error(said)
    elif said.startswith(b"(ObjList"):
        found.objects.append(said)
    elif (added := _ADDED.match(said)) is not None:
        found.state = int(added[1])


def _error(line: bytes) -> CoqError:
    message = " ".join(str_field(line).split("\n")).strip() or "Coq gave no reason."
    return CoqError(
        message=message,
        syntax=b"Gramlib.Grammar.Error" in line or b"CLexer.Error" in line or message.startswith("Syntax error"),
        out_of_memory=b'(exn"Out of memory' in line or b"(exn Out_of_memory" in line or message == "Out of memory.",
    )


def sentence(answer: Answer) -> Sentence | None:
    """The sentence that a `Parse` read; None where there was none."""
    for line in answer.objects:
        found, place = _HEAD.match(line), _PLACE.search(line)
        if found is None or place is None:
            # Nothing allows what cannot be read.
            return Sentence(0, 0, Head("VernacOther", controlled=True, attributes=True))
        control, attributes, command, plugin, entry, index, detail = found.groups()
        named = _NAMED.search(line) if command == b"VernacEndProof" else None
        name = _command(command, plugin, entry, detail)
        return Sentence(
            int(place[1]),
            int(place[2]),
            Head(name, controlled=bool(control), attributes=bool(attributes)),
            named[1].decode("utf-8", "replace") if named is not None else "",
            parallel=name.endswith(":VernacSolveParallel") or (entry == _LTAC2 and index == _LTAC2_PARALLEL),
            # Another sentence that opens a proof gives it a name that none has.
            opens=name == "VernacStartTheoremProof" or (name == "VernacDefinition" and b"(ProveBody" in line),
        )
    return None


def _command(command: bytes, plugin: bytes | None, entry: bytes | None, detail: bytes | None) -> str:
    name, about = command.decode(), (detail or b"").decode()
    if name == "VernacExtend":
        return f"{(plugin or b'').decode()}:{(entry or b'').decode() or about}"
    if name == "VernacPrint":
        return f"{name}.{about if about in _PRINTS else 'other'}"
    return f"{name}.{about}" if (name, about) == ("VernacEndProof", "Admitted") else name
