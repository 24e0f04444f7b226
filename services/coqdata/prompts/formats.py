"""Prompt formats: a layout together with the profile that goals are printed under."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coqdata.printing import commands
from coqdata.prompts.layouts import DEFAULT_BUDGET_TOKENS, LAYOUTS, Layout
from coqdata.prompts.state import Context, Hypothesis, Message, ProofState, one_line


@dataclass(frozen=True, slots=True)
class PrintingProfile:
    """A way to print goals: its name and the commands that set it up."""

    name: str
    commands: tuple[str, ...]

    @classmethod
    def named(cls, name: str) -> "PrintingProfile":
        """The profile of a name; an empty one is `default`.

        Raises:
            ValueError: there is none; the text is one sentence.
        """
        return cls(name or "default", commands(name))


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """What a model is asked with. Neither half may be changed without the other: both were there in training."""

    layout: Layout
    printing: PrintingProfile

    @property
    def name(self) -> str:
        """`LAYOUT/PROFILE`, as `sft/coqgym`."""
        return f"{self.layout.name}/{self.printing.name}"

    @classmethod
    def named(cls, name: str) -> "PromptFormat":
        """The format of `LAYOUT/PROFILE`, or of `LAYOUT` alone with the profile `default`.

        Raises:
            ValueError: there is no such layout or profile; the text is one sentence.
        """
        layout, _, profile = name.partition("/")
        found = LAYOUTS.get(layout)
        if found is None:
            raise ValueError(f"there is no prompt layout {layout!r}: choose one of {', '.join(LAYOUTS)}.")
        return cls(found, PrintingProfile.named(profile))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a prompt asks: its layout and its state."""

    layout: Layout
    state: ProofState


def parse_prompt(text: str) -> Parsed | None:
    """The state and the layout of a prompt's text; None where it has none of the layouts."""
    for layout in LAYOUTS.values():
        state = layout.parse(text)
        if state is not None:
            return Parsed(layout, state)
    return None


def parse_messages(messages: Iterable[Message | Mapping[str, str]]) -> Parsed | None:
    """The same for a conversation: its last user message counts."""
    pairs = [
        (one.role, one.content) if isinstance(one, Message) else (one.get("role", ""), one.get("content", ""))
        for one in messages
    ]
    last = next((content for role, content in reversed(pairs) if role == "user"), None)
    return None if last is None else parse_prompt(last)


def render(
    layout: str,
    hypotheses: Iterable[tuple[str, str | None, str]],
    goal: str,
    context: Context | None = None,
    *,
    budget_tokens: int = DEFAULT_BUDGET_TOKENS,
    coq_version: str = "",
) -> list[Message]:
    """The messages that ask about a goal.

    Args:
        layout: its name.
        hypotheses: name, body (of local definitions) and type of each, oldest first.
        goal: the conclusion.
        context: what may help.
        budget_tokens: of the whole, by estimate.
        coq_version: of the Coq that is to judge the answer; empty where it is not known.

    Raises:
        ValueError: there is no such layout.
    """
    state = ProofState(
        tuple(
            Hypothesis(name, one_line(kind), None if body is None else one_line(body))
            for name, body, kind in hypotheses
        ),
        one_line(goal),
    )
    chosen = PromptFormat.named(layout).layout
    prompt = chosen.render(state, context or Context(), budget_tokens=budget_tokens, coq_version=coq_version)
    return list(prompt.messages)
