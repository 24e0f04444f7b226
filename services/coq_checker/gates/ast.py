"""The syntax-tree gate: what Coq itself parsed, before it executes anything.

The text gate reads words; this one reads the constructor of Coq's abstract syntax, which no notation,
comment or string can disguise.
"""

from coq_checker.engine.api import Gate, Head

# Commands of a proof body: tactics of every tactic language, structure, and a few harmless others.
_PROOF_BODY = frozenset(
    {
        "VernacProof",
        "VernacExactProof",
        "VernacEndProof",
        "VernacBullet",
        "VernacSubproof",
        "VernacEndSubproof",
        "VernacFocus",
        "VernacUnfocus",
        "VernacUnfocused",
        "VernacShow",
        "VernacCheckMayEval",
        "VernacCheckGuard",
        "VernacSearch",
        "VernacLocate",
        # What Coq holds for one command does much else, such as writing files.
        "VernacPrint.PrintName",
        "VernacPrint.PrintAbout",
    }
)
_TACTIC_ENTRIES = frozenset(
    {
        "VernacSolve",
        "VernacSolveParallel",
        "Unshelve",
        "Grab_Existential_Variables",
        "GrabEvars",
        "OptimizeProof",
        "VernacLtac2",
        "VernacMtac2",
    }
)
# What a free-standing script may declare besides.
_SCRIPT = _PROOF_BODY | {
    "VernacStartTheoremProof",
    "VernacDefinition",
    "VernacFixpoint",
    "VernacCoFixpoint",
    "VernacScheme",
    "VernacSchemeAll",
    "VernacInductive",
    "VernacInstance",
    "VernacExistingInstance",
    "VernacHints",
    "VernacRemoveHints",
    "VernacArguments",
    "VernacSetOpacity",
    "VernacOpenCloseScope",
    "VernacBeginSection",
    "VernacEndSegment",
    "VernacAssumption",
    "VernacContext",
    "VernacGeneralizable",
    "VernacNotation",
    "VernacReservedNotation",
    "VernacImport",
    "VernacReserve",
    "VernacSyntacticDefinition",
    "VernacCoercion",
    "VernacIdentityCoercion",
    "VernacCanonical",
    "VernacCreateHintDb",
    "VernacExistingClass",
    "VernacAddMorphism",
    "VernacBindScope",
    "VernacDelimiters",
}
_SCRIPT_ENTRIES = _TACTIC_ENTRIES | {
    "VernacDeclareTacticDefinition",
    "VernacTacticNotation",
    "Obligations",
    "Set_Solver",
    "Function",
    "HintRewrite",
    "Hint_Rewrite",
}


def _gate(commands: frozenset[str], entries: frozenset[str], *, attributes: bool) -> Gate:
    return Gate(commands | {f":{entry}" for entry in entries}, attributes)


# What the body of a proof may hold, and a free-standing script; `VernacEndProof` only where it proves.
PROOF = _gate(_PROOF_BODY, _TACTIC_ENTRIES, attributes=False)
SCRIPT = _gate(frozenset(_SCRIPT), frozenset(_SCRIPT_ENTRIES), attributes=True)


def refusal(head: Head | None, gate: Gate) -> str:
    """Why a gate does not let a sentence pass.

    Args:
        head: what Coq parsed; None when it could not be read.
        gate: PROOF or SCRIPT.
    """
    if head is None:
        return "Coq's syntax tree of this sentence could not be read, so that it cannot be allowed."
    if head.controlled:
        return "a proof may not use Time, Timeout, Fail, Redirect and the like."
    if head.attributes and not gate.attributes:
        return "a proof may not use attributes."
    plugin, _, entry = head.command.partition(":")
    if entry:
        return f"a proof may not use the command {entry} of {plugin}."
    if head.command == "VernacEndProof.Admitted":
        return "a proof may not end with Admitted."
    command, _, _ = head.command.partition(".")
    if command == "VernacPrint":
        return "a proof may use `Print` with a name, and not otherwise."
    return f"a proof may not use the command {command.removeprefix('Vernac')}."
