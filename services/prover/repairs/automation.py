"""Augmented automation: where a tactic fails on a goal, stronger ones with the lemmas that it named."""

import re
from collections.abc import Iterator

from prover.repairs.failure import Failure, Rewrite

_UNIFY = re.compile(
    r"Unable to unify|Cannot unify|Unable to (?:apply|satisfy)|Impossible to unify|while it is expected to have type|"
    r"has type .* which (?:should be|is not)|Cannot apply|Unable to find an instance|Cannot infer|"
    r"No matching clauses|No applicable tactic|No subterm|Found no subterm|not (?:a )?(?:subterm|rewritable)|"
    r"Cannot find a relation|setoid rewrite failed|not an inductive|Not an inductive|not inductive|"
    r"Cannot coerce|not evaluable|Cannot turn|Cannot find witness|not a valid|Tactic failure|Attempt to save|"
    r"Nothing to (?:inject|rewrite)|Not a discriminable|No primitive equality|not (?:convertible|unifiable)|"
    r"is not (?:a )?(?:definitionally|an equality)|Cannot solve|The relation|Not convertible|No assumption|"
    r"No such assumption|not enough|Unable to|Cannot|[Cc]ongruence failed|Illegal application|Wrong|Not (?:a|an|the) "
)
_NAMES = re.compile(r"(?<![\w'.])[A-Za-z_][\w']*(?:\.[A-Za-z_][\w']*)*")
_TACTIC_WORDS = (
    "apply eapply exact eexact rewrite erewrite setoid_rewrite in at with using by auto eauto intuition simpl unfold "
    "fold destruct induction inversion injection discriminate reflexivity symmetry transitivity assumption exists "
    "eexists split left right constructor econstructor intro intros clear subst assert pose proof specialize "
    "generalize dependent revert remember as eqn change replace trivial easy now lia nia lra nra ring field omega "
    "congruence firstorder tauto try repeat solve first do fun forall match end if then else let f_equal case elim "
    "refine cut contradiction exfalso absurd use qauto hauto sauto cbn cbv compute red hnf pattern Prop Type Set "
    "admit give_up shelve"
)
_WORDS = frozenset(_TACTIC_WORDS.split())


def named_lemmas(sentence: str) -> tuple[str, ...]:
    """Names in a sentence that are no tactics."""
    return tuple(dict.fromkeys(name for name in _NAMES.findall(sentence) if name not in _WORDS))


def is_automatable(failure: Failure) -> bool:
    """A tactic that does not fit its goal."""
    return _UNIFY.search(failure.message) is not None


def relatives(failure: Failure) -> Iterator[Rewrite]:
    """The same tactic in its other forms."""
    body = failure.body
    head, _, rest = body.partition(" ")
    rest = rest.strip()
    if head in ("apply", "exact", "refine", "eapply") and rest and ";" not in rest:
        bare = rest.strip("()").split(" ")[0] if rest.startswith("(") else rest
        for form in ("eapply {}", "apply {}", "intros; eapply {}", "rewrite {}", "rewrite <- {}", "symmetry; apply {}"):
            tactic = form.format(rest)
            if tactic != body and not (" in " in rest and "rewrite" not in form and form.startswith("symmetry")):
                yield Rewrite(f"{tactic}.")
        if bare and bare != rest:
            yield Rewrite(f"eapply {bare}.")
    elif head in ("rewrite", "erewrite", "setoid_rewrite") and rest:
        flipped = rest.removeprefix("->").strip().removeprefix("<-").strip() if "<-" in rest else f"<- {rest}"
        yield Rewrite(f"rewrite {flipped}.")
        yield Rewrite(f"erewrite {rest}.")
        if " in " not in rest:
            yield Rewrite(f"simpl; rewrite {rest}.")
            yield Rewrite(f"rewrite {rest} in *.")
            yield Rewrite(f"cbn; rewrite {rest}.")
        else:
            yield Rewrite(f"rewrite {rest.split(' in ')[0]}.")
        yield Rewrite(f"setoid_rewrite {rest}.")
        if "," not in rest and " in " not in rest:
            yield Rewrite(f"apply {rest.removeprefix('<-').strip()}.")
    elif head in ("destruct", "case", "inversion", "induction", "elim"):
        bare = re.sub(r"\s+(?:as|eqn:).*$", "", rest, flags=re.S)
        if bare != rest:
            yield Rewrite(f"{head} {bare}.")
        if head != "inversion":
            yield Rewrite(f"inversion {bare}.")
    elif head in ("exists", "eexists"):
        yield Rewrite("eexists.")
        yield Rewrite("econstructor.")
    elif head in ("left", "right", "split", "constructor"):
        yield Rewrite(f"intros; {body}.")
        yield Rewrite("econstructor.")


def automation(failure: Failure) -> Iterator[Rewrite]:
    """Tactics that close the goal, or fail, with the lemmas named here and before."""
    hypotheses = set(failure.names)
    here = [name for name in named_lemmas(failure.sentence) if name not in hypotheses]
    lemmas = list(dict.fromkeys((*here, *failure.lemmas)))[:6]
    # A name that is not there fails the whole tactic: the sentence's own first, then none.
    for chosen in ([lemmas, here] if lemmas != here else [lemmas]) if lemmas else [[]]:
        using = f" using {', '.join(chosen)}" if chosen else ""
        yield Rewrite(f"solve [eauto{using}].")
        if failure.hammer:
            use = f" use: {', '.join(chosen)}" if chosen else ""
            yield Rewrite(f"solve [qauto{use}].")
            yield Rewrite(f"solve [hauto lq: on{use}].")
        else:
            yield Rewrite(f"solve [intuition eauto{using}].")
            yield Rewrite("solve [firstorder].")
    yield Rewrite("solve [simpl in *; intuition congruence].")
    if failure.lia:
        yield Rewrite("solve [simpl in *; lia].")


def is_giving_up(failure: Failure) -> bool:
    """The words of a model that gives up."""
    return re.search(r"(?<![\w'])(?:admit|give_up|shelve|todo|sorry)(?![\w'])", failure.sentence) is not None


def giving_up(failure: Failure) -> Iterator[Rewrite]:
    """Tries to close what was given up."""
    yield from automation(failure)
