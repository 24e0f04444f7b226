"""Answers questions from a view: checks the question, ranks, and makes values of what was found."""

import json
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from retriever.index.features import goal_features
from retriever.index.pack import Pack
from retriever.registry import Registry
from retriever.search import Query
from retriever.signals import NAMES, Numbers, Place, Values, candidates, cosine, place_at, top
from retriever.text import name_id
from retriever.types import Answer, Hypothesis, Kind, Position, Premise, Question, SimilarProof, SimilarStep
from retriever.view import View
from retriever.weights import WEIGHTS

MOST = 1000
DEFAULT = 30
GOAL_CHARS = 1 << 20
_WEIGHTS = np.array([WEIGHTS.get(name, 0.0) for name in NAMES])
# What a goal names itself comes before what merely resembles it.
_NAMED = 2.0
# Bullets, braces and commands; the empty text too.
_NO_TACTIC = re.compile(r"(?:[-+*]+|\{|\}|)$|(?:Proof|Qed|Defined|Admitted|Abort|Save|Set|Unset|Show|Print|Check)\b")
_OWN_FILE = 0.10
_OWN_PROJECT = 0.05


class BadQuestionError(ValueError):
    """A question that means nothing; the text is one sentence."""


class NoSuchFileError(LookupError):
    """The index has no such file; the text is one sentence."""


def answer(registry: Registry, question: Question) -> Answer:
    """What may help with a goal.

    Raises:
        BadQuestionError: no goal, or a number out of range.
        NoIndexError: the project is not indexed.
        NoSuchFileError: the index does not have the position's file.
    """
    if not question.goal.strip():
        raise BadQuestionError("the goal is empty: give its conclusion as Coq prints it.")
    if len(question.goal) + sum(len(one.type) + len(one.body or "") for one in question.hypotheses) > GOAL_CHARS:
        raise BadQuestionError(f"the goal is longer than {GOAL_CHARS} characters: leave out hypotheses.")
    if not 0 <= question.k <= MOST:
        raise BadQuestionError(f"k is {question.k}: give 1 to {MOST}, or 0 for {DEFAULT}.")
    view = registry.view(question.position.project, question.position.requires)
    place = find_place(view, question.position)
    query = Query.of(goal_features(question.goal, [(one.names, one.body, one.type) for one in question.hypotheses]))
    count = question.k or DEFAULT
    kinds = set(question.kinds or (Kind.PREMISE,))
    scope = _Names(view, place)
    return Answer(
        premises=tuple(_premises(view, scope, *rank(view, place, query, count))) if Kind.PREMISE in kinds else (),
        definitions=tuple(_premises(view, scope, *_definitions(view, place, query, count)))
        if Kind.DEFINITION in kinds
        else (),
        proofs=tuple(_proofs(view, place, query, count)) if Kind.PROOF in kinds else (),
        steps=tuple(_steps(view, place, query, count)) if Kind.TACTIC in kinds else (),
        missing_libraries=() if question.position.file else view.missing_libraries(question.position.requires),
        toolchain=view.packs[0].toolchain_name,
        coq_version=view.packs[0].coq_version,
    )


def find_place(view: View, position: Position) -> Place:
    """What is accessible at a position.

    Raises:
        BadQuestionError: libraries are named along with a file.
        NoSuchFileError: the index does not have the file.
    """
    if position.file:
        if not position.project:
            raise BadQuestionError("the position has a file and no project: name the project.")
        number = view.file_number(position.file)
        if number is None:
            raise NoSuchFileError(
                f"the index of {position.project!r} has no file {position.file!r}: see the project's own paths, "
                f"or run `palmetto index {position.project}` if it is new."
            )
        return place_at(view, view.reach(number), position.byte)
    return place_at(view, view.reach_of_text(position.requires), position.byte)


def rank(view: View, place: Place, query: Query, count: int) -> tuple[Numbers, Values]:
    """The best premises and their scores."""
    found, signals = candidates(view, place, query)
    scores = signals @ _WEIGHTS
    order = np.argsort(-scores, kind="stable")[:count]
    return found[order], scores[order]


def _definitions(view: View, place: Place, query: Query, count: int) -> tuple[Numbers, Values]:
    allowed = place.entries & view.is_definition
    scores = np.where(allowed, view.entries.gather(query).total((0, 3)), 0.0)
    norms = np.maximum(view.entries.norms[:, 0] + view.entries.norms[:, 3], 1e-9)
    scores = scores / np.sqrt(norms * max(view.entries.query_norms(query)[[0, 3]].sum(), 1e-9))
    named = view.short_named(query.ids)
    named = named[allowed[named]]
    scores[named] += _NAMED
    if place.reach.file >= 0:
        own = view.file_pack[view.entry_file] == view.file_pack[place.reach.file]
        scores += np.where(own & (scores > 0), _OWN_PROJECT, 0.0)
    best = top(scores, count, allowed)
    return best, scores[best]


def _neighbour_scores(view: View, place: Place, files: NDArray[np.int32], cosine: Values) -> Values:
    """Similarity, with a little more for what stands in the same file or project."""
    if place.reach.file < 0:
        return cosine
    near = np.where(files == place.reach.file, _OWN_FILE, 0.0)
    near += np.where(view.file_pack[files] == view.file_pack[place.reach.file], _OWN_PROJECT, 0.0)
    return np.where(cosine > 0, cosine + near, 0.0)


def _proofs(view: View, place: Place, query: Query, count: int) -> list[SimilarProof]:
    scores = _neighbour_scores(view, place, view.proof_file, cosine(view.proofs, query))
    found = []
    for number in top(scores, count, place.proofs & view.proof_whole).tolist():
        pack, row = view.place(view.proofs, number)
        text = _texts(pack, "proof", row)
        file = view.files[int(view.proof_file[number])]
        score = round(float(scores[number]), 6)
        found.append(SimilarProof(text("full"), text("statement"), text("text"), pack.name, file.path, score))
    return found


def _steps(view: View, place: Place, query: Query, count: int) -> list[SimilarStep]:
    if not view.steps.count:
        return []
    scores = _neighbour_scores(view, place, view.proof_file[view.step_proof], cosine(view.steps, query))
    found: dict[str, SimilarStep] = {}
    # The same tactic again says nothing new: its best goal stands for it.
    for number in top(scores, 4 * count, place.proofs[view.step_proof]).tolist():
        pack, row = view.place(view.steps, number)
        proof = int(pack.arrays["step_proof"][row])
        begin = int(pack.arrays["proof_proof_start"][proof])
        whole = _texts(pack, "proof", proof)
        source = whole("text").encode()
        start, end = (int(pack.arrays[f"step_{part}"][row]) - begin for part in ("start", "end"))
        tactic = source[start:end].decode("utf-8", "replace")
        key = " ".join(tactic.split())
        if key in found or _NO_TACTIC.match(key) is not None:
            continue
        text = _texts(pack, "step", row)
        hypotheses = tuple(Hypothesis(tuple(names), kind, body) for names, body, kind in json.loads(text("hypotheses")))
        rest = source[start:].decode("utf-8", "replace")
        score = round(float(scores[number]), 6)
        found[key] = SimilarStep(tactic, text("goal"), hypotheses, whole("full"), rest, score)
        if len(found) == count:
            break
    return list(found.values())


def _texts(pack: Pack, table: str, row: int) -> Callable[[str], str]:
    return lambda column: pack.strings[int(pack.arrays[f"{table}_{column}"][row])]


def _premises(view: View, scope: "_Names", entries: Numbers, scores: Values) -> list[Premise]:
    found = []
    for entry, score in zip(entries.tolist(), scores.tolist(), strict=True):
        pack, row = view.place(view.entries, entry)
        text = _texts(pack, "entry", row)
        name = text("full")
        found.append(
            Premise(
                name=name,
                short_name=scope.shortest(entry, name),
                kind=text("word"),
                statement=text("printed") or text("source"),
                project=pack.name,
                file=view.files[int(view.entry_file[entry])].path,
                start=int(view.entry_start[entry]),
                score=round(score, 6),
            )
        )
    return found


class _Names:
    """Short names at a place: by what else is accessible there that ends alike."""

    def __init__(self, view: View, place: Place) -> None:
        self._view, self._place = view, place

    def shortest(self, entry: int, name: str) -> str:
        """The shortest ending of the name that means this entry and nothing else that is accessible.

        Modules inside of a file are never left out, for only an `Import` would allow that.
        """
        view = self._view
        parts = name.split(".")
        inside = int(view.entry_inside[entry])
        alike = view.alike(entry)
        alike = alike[self._place.entries[alike] & (alike != entry)]
        for length in range(inside, len(parts)):
            short = ".".join(parts[-length:])
            if not self._meant(short, length, alike):
                return short
        return name

    def _meant(self, short: str, length: int, others: Numbers) -> bool:
        """Whether a name of some parts means one of the others; with more modules inside its file it would not."""
        view = self._view
        missing = length - view.entry_inside[others]
        # The names of up to one part of the file's own name are there as numbers; longer ones are rare.
        wanted = np.uint64(name_id(short))
        for parts in (0, 1):
            if (view.entry_tails[parts][others[missing == parts]] == wanted).any():
                return True
        return any(f".{view.entry_name(one)}".endswith(f".{short}") for one in others[missing > 1].tolist())


def questions_checked(count: int, most: int) -> None:
    """Refuses more questions than the service takes at once.

    Raises:
        BadQuestionError: there are more than `most`.
    """
    if count > most:
        raise BadQuestionError(f"{count} questions in one batch: send at most {most}.")
