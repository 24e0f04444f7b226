"""The layouts of prompts: how a proof state becomes messages, and back."""

import re
from typing import Protocol

from coqdata.prompts import wording
from coqdata.prompts.answers import proof_body
from coqdata.prompts.state import Context, Hypothesis, Known, KnownProof, Message, Prompt, ProofState, one_line
from coqdata.prompts.tokens import TokenCounter, estimate_tokens

_NOTHING = Context()
_LINE = re.compile(r"([^\W\d][\w']*)(:| :=) ([^\n]*)")
# A premise longer than this is shortened in its middle.
_LONGEST_CHARS = 600
DEFAULT_BUDGET_TOKENS = 4096


class Layout(Protocol):
    """How a proof state becomes messages.

    Attributes:
        name: `sft`, `instruct` or `tactic`.
        kind: what is asked for: `proof` or `tactic`.
    """

    name: str
    kind: str

    def render(
        self,
        state: ProofState,
        context: Context = _NOTHING,
        *,
        budget_tokens: int = DEFAULT_BUDGET_TOKENS,
        count: TokenCounter = estimate_tokens,
        coq_version: str = "",
    ) -> Prompt:
        """The prompt. The state always stands there whole; of the context what has room in the budget.

        Args:
            state: what is to be proved.
            context: what may help.
            budget_tokens: of the whole.
            count: counts them.
            coq_version: of the Coq that is to judge the answer; empty where it is not known.
        """

    def parse(self, text: str) -> ProofState | None:
        """The state in the text of the last user message; None where the text has another layout."""

    def answer(self, proof: str) -> str:
        """The answer that a model is to give, for a proof (or a tactic)."""


def _state_lines(state: ProofState, *, bodies: bool) -> str:
    lines: list[str] = []
    for one in state.hypotheses:
        lines.append(f"{one.name}: {one_line(one.type)}")
        if bodies and one.body is not None:
            lines.append(f"{one.name} := {one_line(one.body)}")
    listed = "".join(line + "\n" for line in lines)
    return f"Hypotheses:\n{listed}\nGoal:\n{one_line(state.goal)}\n"


def _read_state(text: str, opening: str, ending: str) -> ProofState | None:
    """The state behind the last `opening`: hypotheses to the first empty line, then the goal's one line."""
    _, found, tail = text.rpartition(opening + "Hypotheses:\n")
    if not found or not tail.endswith(ending):
        return None
    listed, found, goal = tail.removesuffix(ending).partition("\nGoal:\n")
    if not found or "\n" in goal.strip("\n") or not goal.strip():
        return None
    hypotheses: list[Hypothesis] = []
    for line in listed.split("\n"):
        if not line:
            continue
        read = _LINE.fullmatch(line)
        if read is None:
            return None
        if read[2] == ":":
            hypotheses.append(Hypothesis(read[1], read[3]))
        elif hypotheses and hypotheses[-1].name == read[1] and hypotheses[-1].body is None:
            hypotheses[-1] = Hypothesis(read[1], hypotheses[-1].type, read[3])
        else:
            return None
    return ProofState(tuple(hypotheses), goal.strip("\n"))


def _block(text: str) -> str:
    return f"```coq\n{text}\n```"


class SftLayout:
    """The layout of supervised fine-tuning data: one user message with the state, and nothing else."""

    name = "sft"
    kind = "proof"
    _OPENING = "Solve This Proof State:\n\n"

    def render(
        self,
        state: ProofState,
        context: Context = _NOTHING,
        *,
        budget_tokens: int = DEFAULT_BUDGET_TOKENS,
        count: TokenCounter = estimate_tokens,
        coq_version: str = "",
    ) -> Prompt:
        """The prompt; models trained on it have seen no context, so that none is shown."""
        del context, budget_tokens, coq_version
        text = f"{self._OPENING}{_state_lines(state, bodies=False)}\n"
        return Prompt((Message("user", text),), count(text))

    def parse(self, text: str) -> ProofState | None:
        """The state; bodies of local definitions are not in this layout."""
        # Chat templates and servers may strip the ends of a message.
        trimmed = text.rstrip("\n") + "\n"
        return _read_state(trimmed, self._OPENING, "\n") if text.startswith(self._OPENING) else None

    def answer(self, proof: str) -> str:
        """The proof in a block, ended by `Qed.`."""
        return _block(f"{proof_body(proof)}\nQed.")


class _Instructed:
    """A layout for general models: rules, examples, what may help, the state at the end."""

    def __init__(self, name: str, kind: str, words: wording.Words) -> None:
        self.name = name
        self.kind = kind
        self._words = words

    def render(
        self,
        state: ProofState,
        context: Context = _NOTHING,
        *,
        budget_tokens: int = DEFAULT_BUDGET_TOKENS,
        count: TokenCounter = estimate_tokens,
        coq_version: str = "",
    ) -> Prompt:
        """The prompt: definitions, premises and proofs in turn, best first, until the budget is spent."""
        words = self._words
        fixed = [Message("system", words.system.replace("{prover}", wording.prover(coq_version)))]
        for shown, answered in words.examples:
            fixed += [Message("user", self._question(shown, "")), Message("assistant", self.answer(answered))]
        plain = self._question(state, "")
        # Chat templates put some marks around each message.
        spent = sum(count(one.content) + 4 for one in fixed) + count(plain) + 4
        helps, taken, left_out = _help(context, budget_tokens - spent, count)
        question = Message("user", self._question(state, helps))
        return Prompt((*fixed, question), spent + taken, left_out)

    def _question(self, state: ProofState, helps: str) -> str:
        return f"{helps}{self._words.opening}\n\n{_state_lines(state, bodies=True)}\n{self._words.request}"

    def parse(self, text: str) -> ProofState | None:
        """The state, bodies of local definitions too."""
        return _read_state(text.rstrip("\n"), f"{self._words.opening}\n\n", f"\n{self._words.request}")

    def answer(self, proof: str) -> str:
        """The proof, ended by `Qed.`, or the tactic, in a block."""
        if self.kind == "tactic":
            return _block(proof.strip())
        return _block(f"{proof_body(proof)}\nQed.")


def _help(context: Context, room: int, count: TokenCounter) -> tuple[str, int, int]:
    """The text of what may help, its tokens, and how many have no room.

    The kinds take turns, so that a long list of one does not push the others out.
    """
    queues: list[tuple[str, list[str]]] = [
        (wording.DEFINITIONS, [_known(one) for one in context.definitions]),
        (wording.SIMILAR, [_proof(one) for one in context.similar]),
        (wording.PREMISES, [_known(one) for one in context.premises]),
    ]
    taken: dict[str, list[str]] = {title: [] for title, _ in queues}
    used = left_out = 0
    for rank in range(max(len(texts) for _, texts in queues)):
        for title, texts in queues:
            if rank >= len(texts):
                continue
            cost = count(texts[rank]) + 1 + (0 if taken[title] else count(title) + 2)
            if used + cost > room:
                left_out += 1
                continue
            used += cost
            taken[title].append(texts[rank])
    sections = [f"{title}\n" + "\n".join(texts) + "\n\n" for title, texts in taken.items() if texts]
    return "".join(sections), used, left_out


def _known(one: Known) -> str:
    statement = one_line(one.statement)
    if len(statement) > _LONGEST_CHARS:
        half = _LONGEST_CHARS // 2
        statement = f"{statement[:half]} ... {statement[-half:]}"
    return f"- {one.name}: {statement}"


def _proof(one: KnownProof) -> str:
    return f"- {one_line(one.statement)}\n{_block(proof_body(one.proof) + chr(10) + 'Qed.')}"


SFT = SftLayout()
INSTRUCT = _Instructed("instruct", "proof", wording.PROOF)
TACTIC = _Instructed("tactic", "tactic", wording.TACTIC)
LAYOUTS: dict[str, Layout] = {one.name: one for one in (SFT, INSTRUCT, TACTIC)}
