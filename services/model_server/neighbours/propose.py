"""Proposals for a goal: similar proofs and tactics adapted, lemmas used in the plainest way, and generic ones."""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coqdata.prompts import ProofState, proof_body
from model_server.neighbours import generic
from model_server.neighbours.adapt import adapted, own_part, without_intros
from model_server.neighbours.align import align
from model_server.neighbours.terms import State
from retriever.client import Answer as Found
from retriever.client import Hypothesis, SimilarProof, SimilarStep

# A proposal's score is made of how similar the retriever finds its goal and how alike the two goals read.
_RETRIEVED, _ALIKE = 0.5, 0.5
# Below these stand what uses lemmas alone, and what looks at the goal's shape alone; each falls off with its rank.
_LEMMA, _GENERIC = 0.62, 0.60
_FALL = 0.94
_LONGEST_CHARS = 20_000
_MOST_LEMMAS = 6


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
    if kind == "tactic":
        made = [_tactics(found, ours, known), _ranked(generic.tactics(ours), _GENERIC)]
    else:
        made = [
            _rests(found, ours, known),
            _whole(found, ours, known),
            _ranked(_lemma_scripts(found), _LEMMA),
            _ranked(generic.proofs(ours), _GENERIC),
        ]
    best: dict[str, Proposal] = {}
    for proposals in made:
        for one in proposals:
            key = " ".join(one.text.split())
            if key and len(one.text) <= _LONGEST_CHARS and (key not in best or best[key].score < one.score):
                best[key] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.text))


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


def _ranked(texts: Iterable[str], top: float) -> Iterator[Proposal]:
    for rank, text in enumerate(texts):
        yield Proposal(text, top * _FALL**rank)


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
    for step in found.steps:
        there = _state_of(step)
        alignment = align(there, ours)
        text = own_part(step.rest or step.tactic)
        if not text:
            continue
        yield Proposal(adapted(text, there, ours, alignment, known), _score(alignment.likeness, step.score, best))


def _whole(found: Found, ours: State, known: frozenset[str]) -> Iterator[Proposal]:
    """The proofs of similar theorems."""
    best = max((one.score for one in found.proofs), default=0.0)
    for similar in found.proofs:
        there = State.stated(similar.statement)
        alignment = align(there, ours)
        body = proof_body(similar.proof)
        if not body or body.startswith("Proof "):
            continue
        score = _score(alignment.likeness, similar.score, best)
        text = adapted(body, there, ours, alignment, known)
        yield Proposal(text, score)
        if there.bound and not ours.bound:
            # There the variables were still to be introduced, here they are hypotheses.
            bare = without_intros(text)
            if bare is not None:
                yield Proposal(bare, 1.01 * score)
        elif ours.bound and not there.bound and not text.startswith("intro"):
            yield Proposal(f"intros.\n{text}", 1.01 * score)
        yield from _by_theorem(similar, alignment.likeness, score)


def _by_theorem(similar: SimilarProof, likeness: float, score: float) -> Iterator[Proposal]:
    """The similar theorem itself, where it may be more general."""
    name = similar.theorem
    if name and likeness > 0.6:
        yield Proposal(f"intros; eapply {name}; eauto.", 0.8 * score)
        yield Proposal(f"intros; rewrite {name}; auto.", 0.7 * score)


def _lemma_scripts(found: Found) -> list[str]:
    names = list(dict.fromkeys(one.short_name or one.name for one in found.premises[:_MOST_LEMMAS]))
    scripts: list[str] = []
    if names:
        scripts.append(f"intros; eauto using {', '.join(names[:4])}.")
    for name in names:
        scripts += [f"intros; apply {name}; auto.", f"intros; rewrite {name}; auto."]
    return scripts
