"""Prompts: what a model is asked, what it is to answer, and the proof in what it does answer."""

from coqdata.prompts.answers import MAX_ANSWER_CHARS, MAX_PROOF_BYTES, proof_body, proof_of_answer, tactic_of_answer
from coqdata.prompts.formats import Parsed, PrintingProfile, PromptFormat, parse_messages, parse_prompt, render
from coqdata.prompts.layouts import DEFAULT_BUDGET_TOKENS, INSTRUCT, LAYOUTS, SFT, TACTIC, Layout
from coqdata.prompts.state import Context, Hypothesis, Known, KnownProof, Message, Prompt, ProofState, one_line
from coqdata.prompts.tokens import TokenCounter, estimate_tokens

__all__ = [
    "DEFAULT_BUDGET_TOKENS",
    "INSTRUCT",
    "LAYOUTS",
    "MAX_ANSWER_CHARS",
    "MAX_PROOF_BYTES",
    "SFT",
    "TACTIC",
    "Context",
    "Hypothesis",
    "Known",
    "KnownProof",
    "Layout",
    "Message",
    "Parsed",
    "PrintingProfile",
    "Prompt",
    "PromptFormat",
    "ProofState",
    "TokenCounter",
    "estimate_tokens",
    "one_line",
    "parse_messages",
    "parse_prompt",
    "proof_body",
    "proof_of_answer",
    "render",
    "tactic_of_answer",
]
