"""What the fields of a request may hold: a rule for each kind of field, and the walk over a message's fields."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping
from urllib.parse import quote

from google.protobuf.message import Message

# The longest name of a file is 255 bytes on every system; `.glob` comes behind it.
_LONGEST_PART = 240
_LONGEST_NAME = 1000
_LONGEST_PATH = 4096
_LONGEST_INSIDE = 1024
_SHOWN = 80
_LETTERS = frozenset(("Lu", "Ll", "Lt", "Lo"))
_NUMBERS = frozenset(("Nd", "Nl", "No"))
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029]")
_WORD_STARTS = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Clients and proxies take headers of 8 KiB in all, and a status' message travels in one.
_MESSAGE_BYTES = 6000

# Why a value cannot stand in a field, with the remedy; empty where it can.
Rule = Callable[[str], str]


class FieldError(ValueError):
    """A field holds what it cannot; the text is one sentence that names the field, with the remedy."""


def shown(value: str) -> str:
    """A value in quotes as a message shows it: on one line, and cut where it is long."""
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."


def bounded(message: str) -> str:
    """A message that can travel as a gRPC status: of a longer one the middle is left out."""
    if len(message) * 9 <= _MESSAGE_BYTES or len(quote(message, errors="replace")) <= _MESSAGE_BYTES:
        return message
    room = _MESSAGE_BYTES - 200
    head, tail = _beginning(message, room * 3 // 4), _beginning(message[::-1], room // 4)[::-1]
    return f"{head} ... ({len(message) - len(head) - len(tail)} characters left out) ... {tail}"


def _beginning(message: str, room: int) -> str:
    taken = itertools.accumulate(len(quote(letter, errors="replace")) for letter in message)
    return message[: sum(1 for _ in itertools.takewhile(lambda size: size <= room, taken))]


def is_identifier(text: str) -> bool:
    """Whether Coq reads it as one identifier, and a file can have it as its name.

    Letters are those that Unicode 3.2 has already, which every Coq knows.
    """
    first = text[:1]
    if first != "_" and not _is_of(first, _LETTERS):
        return False
    return len(text.encode("utf-8", "replace")) <= _LONGEST_PART and all(
        one in "_'" or _is_of(one, _LETTERS) or _is_of(one, _NUMBERS) for one in text[1:]
    )


def _is_of(letter: str, kinds: frozenset[str]) -> bool:
    if letter.isascii():
        return letter.isalpha() if kinds is _LETTERS else letter.isdigit()
    # Coq takes superscripts for symbols, and knows the first two planes.
    return (
        letter < "\U00020000"
        and unicodedata.category(letter) in kinds
        and unicodedata.ucd_3_2_0.category(letter) in kinds
        and not (kinds is _NUMBERS and "<super>" in unicodedata.decomposition(letter))
    )


def is_logical_name(text: str) -> bool:
    """Whether Coq reads it as a logical name: identifiers with dots between them."""
    return len(text) <= _LONGEST_NAME and all(map(is_identifier, text.split(".")))


def any_text(value: str) -> str:
    """Whatever: it is given back as it is, or read elsewhere."""
    return ""


def name(value: str) -> str:
    """A name that is looked up, of a project or theorem, say."""
    return _line(value, _LONGEST_NAME, "a name")


def path(value: str) -> str:
    """A path of a file."""
    return _line(value, _LONGEST_PATH, "a path")


def logical_name(value: str) -> str:
    """A logical name; empty where there is none."""
    if not value or is_logical_name(value):
        return ""
    return (
        f"{shown(value)} is no logical name: give identifiers with dots between them, such as Foo.Bar, "
        "each of letters, digits, _ and ', beginning with no digit."
    )


def count(value: str) -> str:
    """A number from 0 that is written as text; empty where there is none."""
    if not value or (value.isascii() and value.isdigit() and len(value) <= 18):
        return ""
    return f"{shown(value)} is not one that this server answered: leave it out to begin anew."


def _line(value: str, most: int, what: str) -> str:
    size = len(value.encode("utf-8", "replace"))
    if size > most:
        return f"it has {size} bytes: {what} has at most {most}."
    control = _CONTROL.search(value)
    if control is not None:
        return f"it holds the control character {control[0]!r}: {what} has none, take it out."
    return ""


def module_path(value: str) -> str:
    """A path inside a project that gives a text its place there: Coq takes the module's name from it."""
    if len(value.encode("utf-8", "replace")) > _LONGEST_INSIDE:
        return f"it has more than {_LONGEST_INSIDE} bytes: give a shorter path inside the project."
    parts = [part for part in value.split("/") if part not in ("", ".")]
    stem, dot, ending = (parts[-1] if parts else "").rpartition(".")
    if value.endswith("/") or ending != "v" or not dot or not is_identifier(stem):
        return (
            f"{shown(value)} gives the module no name: give the path of a file NAME.v inside the project, "
            "NAME of letters, digits, _ and ', beginning with no digit."
        )
    if any(len(part.encode("utf-8", "replace")) > _LONGEST_PART for part in parts[:-1]):
        return f"one of its folders has a name of more than {_LONGEST_PART} bytes: give a shorter path."
    return ""


def check_fields(message: Message, rules: Mapping[str, Rule], way: str = "") -> None:
    """Looks at every field that is set, those of messages inside too.

    Args:
        message: of a request.
        rules: for the fields that are texts, by their full names; numbers of enums must be among those there are.
        way: to the message, with a dot at its end; empty for a whole request.

    Raises:
        FieldError: one of them holds what it cannot.
    """
    for field, value in message.ListFields():
        where = f"{way}{field.name}"
        values = value if field.is_repeated else (value,)
        if field.message_type is not None:
            for one in values:
                check_fields(one, rules, f"{where}.")
        elif field.enum_type is not None:
            for one in values:
                if one not in field.enum_type.values_by_number:
                    kind = _WORD_STARTS.sub(" ", field.enum_type.name).lower()
                    known = ", ".join(known.name for known in field.enum_type.values)
                    raise FieldError(f"`{where}`: there is no {kind} {one}, choose one of {known}.")
        elif field.type == field.TYPE_STRING:
            rule = rules[field.full_name]
            for one in values:
                if why := rule(one):
                    raise FieldError(f"`{where}`: {why}")
