"""Proposals for a goal: similar proofs and tactics adapted, lemmas used in the plainest way, and generic ones."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coqdata.prompts import ProofState, proof_body
from model_server.neighbours import generic
from model_server.neighbours.adapt import adapted, fitted, own_part, unknown_names
from model_server.neighbours.align import align
from model_server.neighbours.generic import Shape
from model_server.neighbours.terms import NAME, State
from retriever.client import Answer as Found
from retriever.client import Hypothesis, SimilarProof, SimilarStep

# How good a neighbour is: how similar the retriever finds its goal, and how alike the two goals read.
_RETRIEVED, _ALIKE = 0.5, 0.5
_WORST_NEIGHBOUR = 0.3
_MOST_OF_ONE_THEOREM = 2
# Whose turn it is: neighbours (N), scripts by shape (G), uses of lemmas (L). No source's score can be compared with
# another's, and each has goals that only it proves.
_TURNS = {"proof": "NGNGLN", "tactic": "NNGN"}
_FALL = 0.97
_LONGEST_CHARS = 20_000
_MOST_LEMMAS = 4
_LEMMAS = frozenset(
    ("Theorem", "Lemma", "Fact", "Remark", "Corollary", "Proposition", "Property", "Axiom", "Constructor")
)
# A name of which nothing is known may be out of reach; more than a few say no more.
_DOUBT, _MOST_DOUBTS = 0.05, 4
# A theorem less similar than this is not tried as a lemma.
_NEAR = 0.75


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proof's body or a tactic; a higher score is better, 1 the best."""

    text: str
    score: float


def propose(state: ProofState, kind: str, found: Found) -> list[Proposal]:
    """All proposals for a goal, best first, each once.

    Args:
        state: the goal.
        kind: `proof` or `tactic`.
        found: what the retriever found for it.
    """
    ours = State.of([(one.name, one.type) for one in state.hypotheses], state.goal)
    known = frozenset(name for one in found.premises for name in (one.short_name, one.name) if name)
    words = _vocabulary(found)
    if kind == "tactic":
        sources = {"N": _best(_tactics(found, ours, known)), "G": generic.tactics(ours, words), "L": []}
    else:
        sources = {
            "N": _best([*_rests(found, ours, known), *_whole(found, ours, known)]),
            "G": generic.proofs(ours, words, _unfolded(found, ours)),
            "L": _lemma_scripts(found, ours),
        }
    return [Proposal(text, _FALL**rank) for rank, text in enumerate(_in_turn(sources, _TURNS[kind]))]


def _best(proposals: Iterable[Proposal]) -> list[str]:
    """The texts of neighbours, best first, without those that have little in common with the goal."""
    ordered = sorted(proposals, key=lambda one: (-one.score, one.text))
    return [one.text for one in ordered if one.score >= _WORST_NEIGHBOUR]


def _in_turn(sources: dict[str, list[str]], turns: str) -> Iterator[str]:
    """The texts of all sources, each once, as their turns come."""
    left = {name: iter(texts) for name, texts in sources.items()}
    seen: set[str] = set()
    while left:
        for name in turns:
            for text in left.get(name, iter(())):
                key = " ".join(text.split())
                if key and key not in seen and len(text) <= _LONGEST_CHARS:
                    seen.add(key)
                    yield text
                    break
            else:
                left.pop(name, None)
        left = {name: texts for name, texts in left.items() if name in turns}


def choose(proposals: list[Proposal], n: int, temperature: float, seed: int | None) -> list[Proposal]:
    """`n` of the proposals: the best ones, or at a temperature above 0 drawn without repetition.

    What is drawn depends on the seed alone (Gumbel's way: the best of score / temperature + noise).
    """
    if temperature <= 0:
        return proposals[:n]
    drawn = random.Random(0 if seed is None else seed)
    # Scores lie between 0 and 1: at temperature 1 a tenth between two of them makes the better one twice as likely.
    noisy = [
        (7 * one.score / temperature - math.log(-math.log(drawn.random() or 1e-12)), -rank, one)
        for rank, one in enumerate(proposals)
    ]
    chosen = [one for _, _, one in sorted(noisy, reverse=True)[:n]]
    return sorted(chosen, key=lambda one: -one.score)


def _state_of(step: SimilarStep) -> State:
    return State.of([(name, one.type) for one in step.hypotheses for name in _names(one)], step.goal)


def _names(one: Hypothesis) -> tuple[str, ...]:
    return one.names


def _score(likeness: float, score: float, best: float) -> float:
    return _RETRIEVED * (score / best if best > 0 else 0.0) + _ALIKE * likeness


def _tactics(found: Found, ours: State, known: frozenset[str]) -> Iterator[Proposal]:
    best = max((one.score for one in found.steps), default=0.0)
    for step in found.steps:
        there = _state_of(step)
        alignment = align(there, ours)
        score = _score(alignment.likeness, step.score, best)
        yield Proposal(adapted(step.tactic, there, ours, alignment, known), score)
        if alignment.names:
            yield Proposal(step.tactic, 0.9 * score)


def _rests(found: Found, ours: State, known: frozenset[str]) -> Iterator[Proposal]:
    """What followed in the proofs of similar goals."""
    best = max((one.score for one in found.steps), default=0.0)
    taken: Counter[str] = Counter()
    for step in found.steps:
        text = own_part(step.rest or step.tactic)
        taken[step.theorem] += 1
        if text and taken[step.theorem] <= _MOST_OF_ONE_THEOREM:
            yield _fit(text, _state_of(step), ours, known, step.score, best)


def _whole(found: Found, ours: State, known: frozenset[str]) -> Iterator[Proposal]:
    """The proofs of similar theorems."""
    best = max((one.score for one in found.proofs), default=0.0)
    for similar in found.proofs:
        body = proof_body(similar.proof)
        if not body or body.startswith("Proof "):
            continue
        made = _fit(body, State.stated(similar.statement), ours, known, similar.score, best)
        yield made
        yield from _by_theorem(similar, made.score)


def _fit(text: str, there: State, ours: State, known: frozenset[str], score: float, best: float) -> Proposal:
    alignment = align(there, ours)
    text, more = fitted(text, there, ours, alignment.names)
    text = adapted(text, there, ours, alignment, known, more)
    doubt = _DOUBT * min(_MOST_DOUBTS, unknown_names(text, there, ours, known))
    return Proposal(text, max(0.0, _score(alignment.likeness, score, best) - doubt))


def _by_theorem(similar: SimilarProof, score: float) -> Iterator[Proposal]:
    """The similar theorem itself, where it may be more general."""
    if similar.theorem and score > _NEAR:
        yield Proposal(f"intros; eapply {similar.theorem}; eauto.", 0.8 * score)


def _lemma_scripts(found: Found, ours: State) -> list[str]:
    """Uses of the premises that may close the goal as it stands: their conclusions look like it."""
    shape = Shape.of(ours)
    applied: list[str] = []
    rewritten: list[str] = []
    for one in found.premises:
        name = one.short_name or one.name
        if one.kind not in _LEMMAS:
            continue
        other = Shape.of(State.of([], one.statement))
        if other.conclusion and (other.head == shape.head or _relation(other) == _relation(shape) != ""):
            applied.append(name)
        if _relation(other) in ("=", "<->"):
            rewritten.append(name)
    scripts = [f"intros; eauto using {', '.join(applied[:4])}."] if applied else []
    for rank in range(_MOST_LEMMAS):
        scripts += [f"intros; apply {name}; auto." for name in applied[rank : rank + 1]]
        scripts += [f"intros; rewrite {name}; auto." for name in rewritten[rank : rank + 1]]
    return scripts


def _unfolded(found: Found, ours: State) -> list[str]:
    """Definitions that the goal names and that can be unfolded."""
    there = set(ours.goal)
    names = [one.short_name or one.name for one in found.definitions if one.kind == "Definition"]
    return [name for name in dict.fromkeys(names) if name in there][:4]


def _relation(shape: Shape) -> str:
    """The relation at the top of a conclusion."""
    return next((mark for mark in ("<->", "<=", "<", "=") if shape.joined(mark)), "")


def _vocabulary(found: Found) -> frozenset[str] | None:
    """The words of the proofs around: a tactic that none of them uses may not be loaded. None where there are none."""
    if not found.steps:
        return None
    return frozenset(match[0] for step in found.steps for match in NAME.finditer(step.rest or step.tactic))
