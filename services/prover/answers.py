"""From what a model says to a proof's text: whatever comes, it is text to try or a sentence that says why not."""

from dataclasses import dataclass

from coqdata.prompts import proof_body, proof_of_answer


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer holds.

    Attributes:
        script: the body of a proof, without `Proof.` and `Qed.`; empty if there is none.
        problem: one sentence that says why it is empty.
    """

    script: str
    problem: str = ""


def read_answer(answer: str, max_bytes: int = 65_536) -> Reading:
    """The proof in an answer, as `coqdata.prompts` finds it."""
    if len(answer.encode("utf-8", "replace")) > max_bytes:
        return Reading("", f"the answer is longer than {max_bytes} bytes.")
    if "\0" in answer or any(0xD800 <= ord(letter) <= 0xDFFF for letter in answer):
        return Reading("", "the answer is not text.")
    proof = proof_of_answer(answer)
    body = proof_body(proof).strip() if proof is not None else ""
    return Reading(body) if body else Reading("", "the answer holds no proof in Coq.")
