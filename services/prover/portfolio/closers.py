"""Tactics that close a goal or fail, by the effort that they take."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from prover.context import Tools

_MARK = "palmetto-closer"
# Names of tactics that begin with `e` because they leave existential variables, and not by chance.
_EXISTENTIAL = re.compile(
    r"\b(?:e(?!auto\b|asy\b|xact\b|lim\b|xfalso\b|xists\b|ither\b|qn\b)[a-z]+|refine|unshelve)\b|\?"
)
_SLOW = frozenset(("intuition eauto", "firstorder", "nia", "field; auto"))
_REPLACE = re.compile(r"Replace the `?\w+`? tactic with:\s*(.+)\Z", re.S)


@dataclass(frozen=True, slots=True)
class Closer:
    """A tactic that closes a goal.

    Attributes:
        tactic: without full stop.
        how: what events call it.
        cpu_ms: its limit.
        slow: it often takes long to fail, so that it does not stand in one sentence with others.
    """

    tactic: str
    how: str
    cpu_ms: int
    slow: bool = False


def quick(tools: Tools) -> tuple[str, ...]:
    """What is tried on every goal, in one sentence."""
    found = ["easy", "eauto"]
    if "congruence" in tools.tactics:
        found.append("congruence")
    if "lia" in tools.tactics:
        found.append("lia")
    found.append("simpl in *; subst; eauto")
    if "ring" in tools.tactics:
        found.append("ring")
    return tuple(found)


def cases(tools: Tools) -> str:
    """One case analysis: of a test or comparison by what it decides, or else of what a `match` looks at."""
    tests = []
    for module, where in (("Nat", "PeanoNat.Nat"), ("Z", "BinInt.Z")):
        if f"{module}_cases".replace("Nat", "nat") in tools.tactics:
            for test in ("leb", "ltb", "eqb", "compare"):
                term, lemma = f"{where}.{test} ?x ?y", f"{where}.{test}_spec x y"
                tests.append(f"|- context [{term}] => destruct ({lemma})")
                tests.append(f"H : context [{term}] |- _ => revert H; destruct ({lemma}); intros H")
    tests.append("|- context [match ?x with _ => _ end] => destruct x eqn:?")
    return f"match goal with {' | '.join(tests)} end"


def begun(tools: Tools, premises: Sequence[str] = ()) -> tuple[str, ...]:
    """What is tried on the goals that an opening leaves, in one sentence: each simplifies before it tries to end."""
    arithmetic = [name for name in ("lia", "ring") if name in tools.tactics]
    numbers = "try lia; " if arithmetic[:1] == ["lia"] else ""
    steps = " | ".join(["constructor", *(f"simple apply {name}" for name in premises[:4])])
    built = f"do 3 (auto; {numbers}try first [{steps}]); auto"
    ends = " | ".join(["easy", "auto", "congruence", *arithmetic])
    inside = " | ".join(["auto", "congruence", *arithmetic[:1], built])
    case = cases(tools)
    # A bound, as what commutes could be rewritten for ever.
    equal = ["match goal with H : _ |- _ => rewrite H end", *(f"rewrite {name}" for name in premises[:12])]
    rewriting = f"do 8 try first [{' | '.join(equal)}]"
    # One at a time: what always applies would spoil the goal for the others.
    back = " | ".join(f"do 3 try rewrite <- {name}; simpl; solve [{ends}]" for name in premises[:12])
    everywhere = " | ".join(f"rewrite {name} in *" for name in premises[:12])
    with_premises = [
        f"intros; simpl in *; {rewriting}; simpl; first [{back}]",
        f"intros; simpl in *; do 4 try first [{everywhere}]; simpl in *; intuition (subst; solve [{inside}])",
    ]
    return (
        *quick(tools),
        f"intros; simpl in *; solve [{ends}]",
        f"intros; simpl in *; match goal with H : _ |- _ => (rewrite H || rewrite <- H); solve [{ends}] end",
        f"intros; simpl in *; intuition (solve [{inside}])",
        f"intros; simpl in *; do 5 try ({case}; simpl in *); subst; solve [{ends} | {built}]",
        f"intros; simpl in *; {rewriting}; solve [{ends}]",
        f"intros; {rewriting}; simpl in *; solve [{ends}]",
        *(with_premises if premises else ()),
    )


def whole(tactic: str) -> str:
    """The tactic, failing where it leaves a goal, also one on the shelf, which `solve` alone does not see."""
    return f"solve [unshelve ({tactic})]"


def may_shelve(tactic: str) -> bool:
    """Whether a tactic may leave existential variables on the shelf while it closes its goal."""
    return _EXISTENTIAL.search(tactic) is not None


def together(tactics: Sequence[str]) -> str:
    """One sentence that tries all of them in order, and prints the number of the one that did it last."""
    tries = [f'(idtac "{_MARK} {number}"; {whole(tactic)})' for number, tactic in enumerate(tactics)]
    return f"first [{' | '.join(tries)}]."


def chosen(messages: Sequence[str], tactics: Sequence[str]) -> str | None:
    """Which of the tactics of `together` did it, by what was printed."""
    numbers = [int(line.split()[1]) for message in messages for line in message.split("\n") if line.startswith(_MARK)]
    return tactics[numbers[-1]] if numbers and numbers[-1] < len(tactics) else None


def with_premises(premises: Sequence[str]) -> tuple[str, ...]:
    """One step with one of the premises, and what is easy after it."""
    found = []
    for name in premises[:12]:
        found += [f"simple apply {name}; easy", f"rewrite {name}; easy", f"rewrite <- {name}; easy"]
    found += [f"eapply {name}; eauto" for name in premises[:8]]
    found += [f"edestruct {name}; eauto; easy" for name in premises[:3]]
    return tuple(found)


def medium(tools: Tools, premises: Sequence[str], cpu_ms: int) -> list[Closer]:
    """Automation of Coq's own that takes longer."""
    using = f" using {', '.join(premises[:8])}" if premises else ""
    found = []
    if using:
        found.append(f"eauto{using}")
    found += ["intuition eauto", "intuition congruence", "repeat split; eauto", "firstorder"]
    if "lia" in tools.tactics:
        found += ["intros; subst; simpl in *; lia", "intuition lia", "nia"]
    if "lra" in tools.tactics:
        found.append("lra")
    if "field" in tools.tactics:
        found.append("field; auto")
    return [Closer(tactic, "cheap", cpu_ms, tactic in _SLOW) for tactic in found]


def light(tools: Tools, premises: Sequence[str], cpu_ms: int) -> list[Closer]:
    """CoqHammer's own proof search, for a short time: for the many goals of a search."""
    if not tools.hammer:
        return []
    use = f" use: {', '.join(premises[:4])}" if premises else ""
    return [Closer("sauto", "sauto", cpu_ms), *([Closer(f"qauto{use}", "sauto", cpu_ms)] if use else [])]


def strong(tools: Tools, premises: Sequence[str], definitions: Sequence[str], cpu_ms: int) -> list[Closer]:
    """CoqHammer's own proof search, without provers."""
    if not tools.hammer:
        return []
    use = f" use: {', '.join(premises[:8])}" if premises else ""
    unfold = f" unfold: {', '.join(definitions[:6])}" if definitions else ""
    found = ["sauto"]
    if use or unfold:
        found += [f"qauto{use}{unfold}", f"hauto lq: on{use}{unfold}"]
    found += ["hauto drew: off", "sauto lq: on rew: off", "qblast"]
    if unfold:
        found.append(f"sauto{unfold}")
    return [Closer(tactic, "sauto", cpu_ms) for tactic in found]


def replacement(messages: Sequence[str]) -> str | None:
    """The tactic that `hammer` or `best` says to put in its place."""
    for message in reversed(messages):
        found = _REPLACE.search(message)
        if found:
            # CoqHammer prints `srun eauto use: ...`, which Coq reads only with brackets.
            return re.sub(r"\bsrun (\w+)", r"srun (\1)", " ".join(found[1].split()).rstrip("."))
    return None
