"""The form of a sentence: introductions, patterns, syntax."""

import re
from collections.abc import Iterator

from prover.repairs.failure import Failure, Rewrite

_NO_PRODUCT = re.compile(
    r"No product even after head-reduction|No (?:quantified|dependent) hypothes|Not enough (?:products|premises)|"
    r"No such (?:bound|binder)|introduction is not|No focused goal"
)
_PATTERN = re.compile(
    r"Expects? (?:a|an) (?:disjunctive|conjunctive)|Unexpected (?:introduction|number of)|[Dd]isjunctive/conjunctive|"
    r"Not a(?:n equality| negated)|Unable to (?:find|decompose)|[Uu]nused (?:introduction )?pattern|"
    r"has (?:too many|not enough) (?:branches|arguments)|Expects .* pattern|too many names|Incorrect number of goals"
)
_SYNTAX = re.compile(
    r"Syntax [Ee]rror|Lexer|Illegal|Undefined token|Unknown (?:command|tactic)|not a (?:valid )?tactic"
)
_INTROS = re.compile(r"(intros?)\s+(.*)", re.S)
_AS = re.compile(r"\s+(?:as|eqn:)\s*(?:\[[^\]]*\]|\S+).*$", re.S)


def is_no_product(failure: Failure) -> bool:
    """More is introduced than the goal has."""
    return _NO_PRODUCT.search(failure.message) is not None


def no_product(failure: Failure) -> Iterator[Rewrite]:
    """Introduces fewer, with the names as long as they last, or nothing."""
    found = _INTROS.match(failure.body)
    if found:
        names = found[2].split()
        if not any(mark in found[2] for mark in "[(|"):
            for count in range(len(names) - 1, 0, -1):
                yield Rewrite(f"intros {' '.join(names[:count])}.")
        head, semicolon, rest = failure.body.partition(";")
        yield Rewrite("intros.")
        if semicolon:
            yield Rewrite(f"intros;{rest}.")
            yield Rewrite(f"{rest.strip()}.")
        del head
        yield Rewrite("")
    else:
        yield Rewrite(f"intros; {failure.sentence}")


def is_pattern(failure: Failure) -> bool:
    """A pattern that does not fit what is taken apart."""
    return _PATTERN.search(failure.message) is not None


def pattern(failure: Failure) -> Iterator[Rewrite]:
    """Takes apart without naming, or with a pattern that fits whatever comes."""
    body = failure.body
    bare = _AS.sub("", body)
    if bare != body:
        flat = [word for word in re.findall(r"[\w']+", body[len(bare) :]) if word not in ("as", "eqn", "in")]
        if flat:
            yield Rewrite(f"{bare} as [{' '.join(flat)}].")
            yield Rewrite(f"{bare} as [{'|'.join(flat)}].")
        yield Rewrite(f"{bare}.")
    found = _INTROS.match(body)
    if found:
        yield Rewrite("intros.")
    if re.match(r"(?:discriminate|injection|symmetry|subst|inversion)\b", body):
        yield Rewrite("solve [congruence].")
        yield Rewrite("solve [easy].")


def is_syntax(failure: Failure) -> bool:
    """Text that Coq's parser does not take."""
    return _SYNTAX.search(failure.message) is not None


def syntax(failure: Failure) -> Iterator[Rewrite]:
    """Mends what models write that Coq does not read."""
    body = failure.body
    # `rewrite a b` for `rewrite a, b`
    spaced = re.fullmatch(
        r"(rewrite|unfold|simpl|apply|destruct)\s+((?:(?:<-|->)?\s*[\w'.]+\s+)+(?:<-|->)?\s*[\w'.]+)", body
    )
    if spaced and " in " not in body:
        yield Rewrite(f"{spaced[1]} {', '.join(spaced[2].split())}.")
    if "`" in body:
        yield Rewrite(body.replace("`", "") + ".")
    stripped = re.sub(r"\s*(?:--|//|#).*$", "", body, flags=re.M)
    if stripped != body and stripped.strip():
        yield Rewrite(stripped.strip() + ".")
    swapped = (
        body.replace("∀", "forall").replace("→", "->").replace("∃", "exists").replace("←", "<-").replace("λ", "fun")
    )
    if swapped != body:
        yield Rewrite(swapped + ".")
    if re.match(r"(?:by|exact by|show|have|suffices)\b", body):
        rest = re.sub(r"^(?:exact )?(?:by|show)\s+", "", body)
        yield Rewrite(f"{rest}.")
    bare = re.sub(r"\s+(?:as|using|with|eqn:|in)\s*.*$", "", body, flags=re.S)
    if bare != body:
        yield Rewrite(f"{bare}.")
    capital = body[:1].lower() + body[1:]
    if capital != body:
        yield Rewrite(f"{capital}.")
    if body.startswith("reflexivity"):
        yield Rewrite("reflexivity.")
