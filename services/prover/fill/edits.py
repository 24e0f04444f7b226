"""The edits that put a whole proof in the place of what was given up; all other bytes stay."""

from prover.fill.layout import Edit, indentation, line_before, under, unit_of
from prover.fill.places import Place


def whole_edits(source: bytes, place: Place, lines: list[str], prelude: str) -> list[Edit]:
    """What puts a whole proof in its place.

    The sentence `Proof using ...` that stands there stays, and comments before the first tactic and after the last.

    Args:
        source: the text with ends.
        place: where in it.
        lines: the proof without `Proof.` and its end.
        prelude: `Require` sentences that it needs before the theorem.
    """
    edits, at = _without_marks(source, place)
    if place.inside < place.inside_end:
        edits += _over_tactics(source, place, at, lines)
    else:
        edits.append(_over_nothing(source, place, at, lines))
    return prelude_edits(source, place, prelude) + edits


def prelude_edits(source: bytes, place: Place, prelude: str) -> list[Edit]:
    """What puts `Require` sentences before a theorem, none where there are none."""
    if not prelude.strip():
        return []
    at = place.context_end
    return [Edit(at, at, f"{prelude.strip()}\n{indentation(source, at)}")]


def script_of(source: bytes, place: Place, edits: list[Edit]) -> str:
    """The proof as it stands after the edits, `Proof.` and its end included."""
    text = source[: place.end]
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        if edit.start >= place.start:
            text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    return text[place.start :].decode("utf-8", "replace").strip()


def _without_marks(source: bytes, place: Place) -> tuple[list[Edit], int]:
    """What takes the marks away, and where the proof goes: in the place of those right before it."""
    edits: list[Edit] = []
    at = place.inside
    for start, end in reversed(place.marks):
        if not source[end:at].strip():
            at = start
        else:
            blanks = source[end : place.end]
            edits.append(Edit(start, end + len(blanks) - len(blanks.lstrip(b" \t\r\n")), ""))
    return edits, at


def _over_tactics(source: bytes, place: Place, at: int, lines: list[str]) -> list[Edit]:
    """In the place of tactics; the end stays where it is."""
    before = line_before(source, at)
    blanks = indentation(source, at) + unit_of(source) if before.strip() else before
    body = under(lines, blanks, braces=False)
    if place.ending == place.end:  # the file ends inside of the proof
        return [Edit(at, place.inside_end, f"{body}\n{indentation(source, place.context_end)}Qed.")]
    edits = [Edit(at, place.inside_end, body)]
    return edits if place.keeps_end else [*edits, Edit(place.ending, place.end, "Qed.")]


def _over_nothing(source: bytes, place: Place, at: int, lines: list[str]) -> Edit:
    """In the place of the end alone, or of the marks before it."""
    before = line_before(source, at)
    alone = not before.strip()
    opener = "" if place.opener else "Proof."
    end = "" if place.keeps_end else "Qed."
    stop = place.marks[-1][1] if place.keeps_end and place.marks else place.end
    if not alone and len(lines) <= 1:
        return Edit(at, stop, " ".join(part for part in (opener, *lines, end) if part))
    outer = indentation(source, place.begin) if place.opener else ""
    base = before if alone else indentation(source, at)
    # What is indented below `Proof.` already is where tactics stand.
    deeper = alone and bool(place.opener) and before.startswith(outer) and before != outer
    inner = base if deeper else base + unit_of(source)
    parts = [base + opener] if opener else []
    parts += [inner + line if line else "" for line in lines]
    parts += [base + end] if end else []
    text = "\n".join(parts)
    # The line that it begins on is there.
    return Edit(at, stop, text.removeprefix(base) if alone else text.lstrip(" \t"))
