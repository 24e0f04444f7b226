"""The features of what is indexed and of what is asked: entries, theorems, goals."""

from collections.abc import Iterable

from retriever.index.record import Entry, Proof, Step
from retriever.text import features, read_statement


def entry_features(entry: Entry) -> frozenset[str]:
    """The features of a premise or definition: of its type as printed, or of its sentence; and its name's words."""
    short = entry.name.rpartition(".")[2]
    text = entry.printed or _without_head(entry.source, short)
    return features(read_statement(text), name=short)


def proof_features(proof: Proof) -> frozenset[str]:
    """The features of a theorem's statement: of its first goal where that is known."""
    short = proof.name.rpartition(".")[2]
    if proof.steps:
        return step_features(proof.steps[0])
    return features(read_statement(_without_head(proof.statement, short)))


def step_features(step: Step) -> frozenset[str]:
    """The features of a goal with its hypotheses."""
    return goal_features(step.goal, [(one.names, one.body, one.type) for one in step.hypotheses])


def goal_features(goal: str, hypotheses: Iterable[tuple[Iterable[str], str | None, str]]) -> frozenset[str]:
    """The features of a goal.

    Args:
        goal: its conclusion.
        hypotheses: names, body and type of each.
    """
    given = list(hypotheses)
    names = {name for one, _, _ in given for name in one}
    context = " ".join(f"{body or ''} , {kind} ," for _, body, kind in given)
    return features(read_statement(goal, names), extra=read_statement(context, names) if given else None)


def _without_head(sentence: str, short: str) -> str:
    """A sentence without the word and the name that it begins with."""
    place = sentence.find(short)
    return sentence[place + len(short) :] if 0 <= place < 200 else sentence
