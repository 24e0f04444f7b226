"""Openings: how the proof of a statement may begin, for automation to do the rest."""

import re
from collections.abc import Sequence

from coq_checker.client import Goal
from prover.search.moves import CASE, OPEN, bound, constants, is_data, top_level

# Simplifies what an opening leaves; never fails.
TIDY = "intros; simpl in *; subst; auto."
_MOST = 24
_STEPS = 8


def openings(goal: Goal) -> list[str]:
    """Sentences to begin with, the likeliest first."""
    conclusion = goal.conclusion
    names = [name for one in goal.hypotheses for name in one.names]
    quantified = bound(conclusion)
    found: list[str] = []
    variables = [name for name, kind in quantified if is_data(kind)]
    fixed = [name for one in goal.hypotheses if one.body is None and is_data(one.type) for name in one.names]
    opened = top_level(conclusion)
    # Rule induction first: a premise that is an inductive predicate says more than the data in it.
    found += [f"induction {number}." for number in range(1, min(opened.count("->"), 2) + 1)]
    found += [f"induction {name}." for name in variables[:3]]
    for name in fixed[:3]:
        # What depends on nothing is generalised, so that the induction hypothesis says more.
        others = " ".join(other for other in fixed if other != name)
        found.append(f"induction {name}.")
        if others:
            found.append(f"revert {others}; induction {name}.")
    propositions = [
        name
        for one in goal.hypotheses
        if one.body is None and not is_data(one.type) and one.type not in ("Prop", "Type", "Set")
        for name in one.names
    ]
    found += [f"destruct {name}." for name in (*variables[:2], *fixed[:2])]
    if "<->" in opened or "/\\" in opened:
        found.append("intros; split.")
    heads = constants(conclusion, [*names, *(name for name, _ in quantified)])[:6]
    found += [f"intros; unfold {name} in *." for name in heads[:4]]
    if len(heads) > 1:
        tries = "; ".join(f"try unfold {name} in *" for name in heads)
        found.append(f"intros; {tries}.")
    if "match " in conclusion or "if " in conclusion:
        found.append(f"intros; {CASE}")
    if "exists" in conclusion or "/\\" in conclusion or any("exists" in one.type for one in goal.hypotheses):
        found.append(f"intros; {OPEN}")
    if quantified or "->" in opened:
        found.append("intros.")
    # Through definitions, as of an inclusion; fails where none hides a quantifier.
    found.append("intros; intro; repeat intro.")
    found += [f"{verb} {name}." for name in propositions[-2:] for verb in ("inversion", "induction")]
    if re.search(r"(?<![<>=])=(?!>)", opened):
        found.append("intros; f_equal.")
    found.append("intros; constructor.")
    return list(dict.fromkeys(found))[:_MOST]


def steps_back(premises: Sequence[str]) -> list[str]:
    """Sentences that reduce the statement to what a premise asks for, the likeliest first."""
    return [f"intros; eapply {name}." for name in premises[:_STEPS]]
