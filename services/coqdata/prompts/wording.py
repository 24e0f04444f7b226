"""The words of the layouts for general models."""

from dataclasses import dataclass

from coqdata.prompts.state import Hypothesis, ProofState
from coqdata.releases import prover_name, version_numbers

DEFINITIONS = "Definitions that the goal uses:"
SIMILAR = "Similar theorems with their proofs:"
PREMISES = "Lemmas that can be used here:"
_UNKNOWN = (8, 20)


@dataclass(frozen=True, slots=True)
class Words:
    """What a layout says.

    Attributes:
        system: the system message: the task and the rules; `{prover}` in it stands for what judges the answer.
        opening: the line before the state.
        request: the line after it.
        examples: states with their answers.
    """

    system: str
    opening: str
    request: str
    examples: tuple[tuple[ProofState, str], ...]


def prover(coq_version: str) -> str:
    """What a prompt calls the Coq of a version; an unknown one is taken for the one that most models know best.

    >>> prover("8.20.1"), prover("9.2"), prover("")
    ('Coq 8.20', 'Rocq 9.2 (which was called Coq)', 'Coq 8.20')
    """
    version = version_numbers(coq_version)[:2] or _UNKNOWN
    name = prover_name(version)
    title = f"{name} {'.'.join(map(str, version))}"
    return title if name == "Coq" else f"{title} (which was called Coq)"


_RULES = """\
- Every name must be one of the hypotheses, one that you introduce, or one that Coq knows there. Do not invent lemmas.
- Give each name that you introduce a spelling that is not in use yet.
- Write one tactic in each sentence and end it with a full stop. Mark sub-goals with the bullets -, +, *, --, ++, **.
- Neither `admit` nor `Admitted` counts, nor do new axioms, definitions or commands."""

_ADD_ZERO = ProofState((Hypothesis("n", "nat"),), "n + 0 = n")
_AND_SWAP = ProofState((Hypothesis("P", "Prop"), Hypothesis("Q", "Prop"), Hypothesis("H", "P /\\ Q")), "Q /\\ P")

PROOF = Words(
    system=(
        "You prove theorems in {prover}. You are shown a proof state, and sometimes definitions, lemmas and proofs "
        "that may help. Answer with a proof that closes the goal.\n\nRules:\n"
        "- Answer with a single code block marked `coq`, and nothing after it. Its last sentence is `Qed.`\n"
        "- The proof starts in the state shown: do not repeat the statement, nor the hypotheses that are there.\n"
        + _RULES
    ),
    opening="Proof state to solve:",
    request="Give the proof.",
    examples=(
        (
            _ADD_ZERO,
            "induction n as [|m IHm].\n- reflexivity.\n- simpl.\n  rewrite IHm.\n  reflexivity.",
        ),
        (_AND_SWAP, "destruct H as [HP HQ].\nsplit.\n- exact HQ.\n- exact HP."),
    ),
)

TACTIC = Words(
    system=(
        "You prove theorems in {prover}, one step at a time. You are shown a proof state, and sometimes definitions, "
        "lemmas and proofs that may help. Answer with the next tactic.\n\nRules:\n"
        "- Answer with a single code block marked `coq` that holds one sentence, and nothing after it.\n" + _RULES
    ),
    opening="Proof state of the next step:",
    request="Give one tactic.",
    examples=(
        (_ADD_ZERO, "induction n as [|m IHm]."),
        (_AND_SWAP, "destruct H as [HP HQ]."),
    ),
)
