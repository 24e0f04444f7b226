"""Makes an example of a goal and its proof."""

from dataclasses import dataclass
from typing import Any

from coqdata.prompts import Context, Layout, ProofState, proof_of_answer
from extractor.model import Example
from extractor.uses import Uses

_NOTHING = Context()


@dataclass(frozen=True, slots=True)
class Known:
    """A goal with its proof, and all that is told of them beside the messages."""

    state: ProofState
    proof: str
    uses: Uses
    about: dict[str, Any]


def example(known: Known, layout: Layout, context: Context | None, coq_version: str = "") -> Example | None:
    """The example; None where the answer does not read back as the proof, so that a model could not be judged by it.

    Args:
        known: goal and proof.
        layout: of the prompt.
        context: what a retriever found; None without retrieval.
        coq_version: of the Coq that a model is asked to prove for; empty where that is not the data's own.
    """
    answer = layout.answer(known.proof)
    if proof_of_answer(answer) != known.proof:
        return None
    prompt = layout.render(known.state, context or _NOTHING, coq_version=coq_version)
    messages = (
        *({"role": one.role, "content": one.content} for one in prompt.messages),
        {"role": "assistant", "content": answer},
    )
    definitions = [{"name": name, "statement": ""} for name in known.uses.definitions]
    premises = [{"name": name, "statement": ""} for name in known.uses.premises]
    if context is not None:
        definitions = [{"name": one.name, "statement": one.statement} for one in context.definitions]
        premises = [{"name": one.name, "statement": one.statement} for one in context.premises]
    fields: dict[str, Any] = {
        **known.about,
        "goal": known.state.goal,
        "hypotheses": [{"name": one.name, "type": one.type, "body": one.body or ""} for one in known.state.hypotheses],
        "definitions": definitions,
        "premises": premises,
        "uses": list(known.uses.premises),
        "proof": known.proof,
        "prompt_tokens": prompt.tokens,
    }
    return Example(messages, fields)
