"""The syntax-tree gate: what Coq itself parsed, before it executes anything.

The text gate reads words; this one reads the constructor of Coq's abstract syntax, which no notation,
comment or string can disguise.
"""

from coq_checker.session.api import AstHead

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
        "VernacPrint",
    }
)
# What Coq holds for one command, and does `Print NAME`, `About NAME` and much else, such as writing files.
_PRINTS = frozenset(("PrintName", "PrintAbout"))
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
# What the body of a proof may hold; `VernacEndProof` only where it proves.
ALLOWED_IN_PROOF = _PROOF_BODY | _TACTIC_ENTRIES
# What a free-standing script may declare besides.
_SCRIPT = _PROOF_BODY | {
    "VernacStartTheoremProof",
    "VernacDefinition",
    "VernacFixpoint",
    "VernacCoFixpoint",
    "VernacScheme",
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


def refusal(head: AstHead | None, *, script: bool) -> str | None:
    """Why the sentence may not be executed; None when it may.

    Args:
        head: what Coq parsed; None when it could not be read, which is refused.
        script: the sentence stands in a free-standing script, which may declare things.
    """
    if head is None:
        return "Coq's syntax tree of this sentence could not be read, so that it cannot be allowed."
    if head.controlled:
        return "a proof may not use Time, Timeout, Fail, Redirect and the like."
    if head.attributes and not script:
        return "a proof may not use attributes."
    plugin, _, entry = head.command.partition(":")
    if entry:
        allowed = _SCRIPT_ENTRIES if script else _TACTIC_ENTRIES
        return None if entry in allowed else f"a proof may not use the command {entry} of {plugin}."
    allowed = _SCRIPT if script else _PROOF_BODY
    if head.command == "VernacEndProof" and head.detail == "Admitted":
        return "a proof may not end with Admitted."
    if head.command == "VernacPrint" and head.detail not in _PRINTS:
        return "a proof may use `Print` with a name, and not otherwise."
    if head.command not in allowed:
        return f"a proof may not use the command {head.command.removeprefix('Vernac')}."
    return None
