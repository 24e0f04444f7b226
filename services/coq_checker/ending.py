"""What coqc lets no file end with."""

import re
import secrets

from coq_checker.engine.api import CoqEngine

_LAST_BLOCK = re.compile(r"Last block to end has name (\S+?)\.?$")


async def left_open(engine: CoqEngine, state: int) -> str:
    """What is open in a state and must not be at the end of a file, for a sentence; empty where nothing is."""
    shown = await engine.query(state, "Show Conjectures.")
    proofs = " ".join(shown.messages).split() if shown.error is None else []
    if proofs:
        return f"the proof of {proofs[-1]} is not ended"
    # Coq says which block it is, since none has that name.
    block = await engine.query(state, f"End palmetto_{secrets.token_hex(8)}.")
    found = _LAST_BLOCK.search(block.error.message) if block.error is not None else None
    if found is not None:
        return f"the section or module {found[1]} is not closed"
    obligation = await engine.query(state, "Next Obligation.")
    if obligation.error is None or "unsolved obligations" in obligation.error.message:
        return "obligations of a program are not solved"
    return ""
