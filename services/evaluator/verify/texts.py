"""A file with claimed proofs in place of its own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from coqdata.sentence import split
from coqdata.theorem import Theorem, TheoremKind
from coqdata.words import strip_prefixes, words
from evaluator.record import Key

_PROOF = re.compile(rb"\AProof\s*\.")
_QED = re.compile(rb"\bQed\s*\.\s*\Z")
# Commands that do something else than to prove. A capitalised word that is none of them may be a project's tactic.
_COMMANDS = frozenset(
    b"""Abbreviation Abort Add Admit Admitted Arguments Attributes Axiom Axioms Back BackTo Bind Canonical Cd Class
    Close CoFixpoint CoInductive Coercion Collection Combined Comments Conjecture Conjectures Constraint Context
    Corollary Create Cumulative Declare Defined Definition Delimit Derive Drop Elpi End Equations Example Existing
    Export Extract Extraction Fact Final Fixpoint From Function Functional Generalizable Global Goal Hint Hypotheses
    Hypothesis Identity Implicit Import Include Inductive Infix Instance Lemma Let Load Local Ltac Ltac2 Module
    Monomorphic Next NonCumulative Notation Number Numeral Obligation Obligations Opaque Open Optimize Parameter
    Parameters Polymorphic Preterm Primitive Private Program Proof Property Proposition Qed Quit Record Recursive
    Redirect Register Remark Remove Require Reserved Reset Restart Rewrite Save Scheme Section Separate Set Solve
    Sort Sorts Strategy String Structure SubClass Symbol Symbols Tactic Test Theorem Time Timeout Transparent
    Typeclasses Undelimit Undo Universe Universes Unset Variable Variables Variant""".split()
)
_PRELUDE = re.compile(rb"(?:From [\w.]+ )?Require (?:Import |Export )?[\w. ]+\.|(?:Set|Unset) Hammer [\w ]+\.")
_SUGGESTED = re.compile(
    r"The proof of (\S+)\s+should start with one of the following commands:\s*Proof using\s*([^.]*)\."
)
# Coq says which section variables a proof needs; what it says it says of opaque proofs.
SUGGEST = b"Set Suggest Proof Using."
_SCOPE = b"palmetto_scope"


@dataclass(frozen=True, slots=True)
class Claim:
    """A proof that is claimed of a theorem.

    Attributes:
        key: the theorem's in its experiment.
        theorem: where it stands.
        script: the proof, from `Proof.` to `Qed.`.
        prelude: what it needs before the statement.
    """

    key: Key
    theorem: Theorem
    script: str
    prelude: str

    @property
    def transparent(self) -> bool:
        """What follows sees how the original proof is made."""
        return self.theorem.ending == "Defined"

    @property
    def in_section(self) -> bool:
        """Section variables may be around it."""
        return any(kind == "Section" for kind, _ in self.theorem.path)


@dataclass(frozen=True, slots=True)
class Patched:
    """A text, and the lines, from 1, of each claim in it."""

    text: bytes
    lines: tuple[tuple[Claim, int, int], ...]

    def at(self, line: int | None) -> Claim | None:
        """The claim that a line belongs to."""
        return next((one for one, first, last in self.lines if line is not None and first <= line <= last), None)


def patched(
    source: bytes,
    claims: Iterable[Claim],
    using: Mapping[int, str] | None = None,
    *,
    end: int | None = None,
    scoped: bool = False,
) -> Patched:
    """The file with the claimed proofs.

    Args:
        source: the file.
        claims: of different statements.
        using: by where a theorem starts, the section variables that its own proof uses: the claimed one is held to
            them, so that the theorem says the same after the section.
        end: what comes after this byte is left out.
        scoped: preludes hold for their theorems alone, and not for what follows.
    """
    parts: list[bytes] = []
    lines: list[tuple[Claim, int, int]] = []
    at = line = 0
    for claim in sorted(claims, key=lambda one: one.theorem.start):
        theorem = claim.theorem
        before = source[at : theorem.start]
        stated = source[theorem.start : theorem.statement_end]
        # `Let` takes no `using`: nothing of it is left after the section.
        variables = using.get(theorem.start) if using and theorem.kind is not TheoremKind.LET else None
        own = [b"", claim.prelude.encode()] if claim.prelude else []
        own += [stated, _proof(source, claim, variables)]
        if scoped and claim.prelude:
            # What is imported in a section ends with it; a theorem that uses nothing of it stays as it is.
            own = [b"", b"Section " + _SCOPE + b".", *own[1:], b"End " + _SCOPE + b".", b""]
        text = b"\n".join(own)
        line += before.count(b"\n")
        lines.append((claim, line + 1, line + 1 + text.count(b"\n")))
        line += text.count(b"\n")
        parts += [before, text]
        at = theorem.proof_end
    parts.append(source[at:end])
    return Patched(b"".join(parts), tuple(lines))


def alone(source: bytes, claim: Claim) -> bytes:
    """The file up to a claimed proof, with what is open there closed."""
    end = claim.theorem.proof_end
    # What `Program` left over may be proved later in the file.
    leave = b" Admit Obligations." if re.search(rb"\b(?:Program|Equations)\b", source[:end]) else b""
    closers = [b"End " + name.encode() + b"." + leave for _, name in reversed(claim.theorem.path)]
    return b"\n".join([patched(source, [claim], end=end).text, *([leave.strip()] if leave else []), *closers, b""])


def no_proof(script: str, prelude: str) -> str:
    """Why a text is no proof, for coqc would take `Admitted.` too; empty where it may be one."""
    text = script.strip().encode()
    found = split(text)
    sentences = [text[one.start : one.end] for one in found.sentences]
    if (
        found.problem is not None
        or len(sentences) < 2
        or not _PROOF.match(sentences[0])
        or not _QED.match(sentences[-1])
    ):
        return "it is no proof from `Proof.` to `Qed.`."
    for sentence in sentences[1:-1]:
        head = words(sentence, strip_prefixes(sentence)[0], 1)
        if sentence.startswith(b"#") or (head and head[0] in _COMMANDS):
            return f"it holds the command {sentence.decode('utf-8', 'replace')[:80]!r}."
    before = prelude.encode()
    for one in split(before).sentences:
        if not _PRELUDE.fullmatch(b" ".join(before[one.start : one.end].split())):
            return f"its prelude holds {before[one.start : one.end].decode('utf-8', 'replace')[:80]!r}."
    return ""


def suggested(printed: str, theorems: Sequence[Theorem]) -> dict[int, str]:
    """By where a theorem starts, the section variables that its own proof uses, from what coqc printed.

    Theorems that say themselves what they use, or whose names stand more than once, are left out.
    """
    said: dict[str, list[str]] = {}
    for found in _SUGGESTED.finditer(printed):
        said.setdefault(found[1], []).append(" ".join(found[2].split()))
    names = [one.name for one in theorems]
    return {
        one.start: said[one.name][0]
        for one in theorems
        if len(said.get(one.name, ())) == 1 and names.count(one.name) == 1
    }


def _proof(source: bytes, claim: Claim, variables: str | None) -> bytes:
    """The script, begun and ended as the original proof is."""
    theorem = claim.theorem
    script = claim.script.strip().encode()
    original = source[theorem.proof_start : theorem.proof_end]
    sentences = split(original).sentences
    texts = [original[one.start : one.end] for one in sentences]
    if texts and theorem.ending in ("Defined", "Save"):
        script = _QED.sub(lambda _: texts[-1], script)
    begin = b""
    if texts and re.match(rb"Proof\s+using\b", texts[0]):
        begin = re.split(rb"\bwith\b", texts[0].rstrip(b". \n"))[0].rstrip() + b"."
    elif variables is not None:
        begin = f"Proof using {variables}.".encode()
    if begin:
        script = begin + _PROOF.sub(b"", script)
    return script + b"\n"
