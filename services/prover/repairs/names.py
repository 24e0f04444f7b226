"""Names: references that are not there, names that are taken, and names that Coq has given up."""

import difflib
import re
from collections.abc import Iterator

from prover.repairs.failure import Failure, Rewrite

_NOT_FOUND = re.compile(
    r"(?:The (?:reference|variable) (?P<a>[\w'.]+) was not found)"
    r"|(?:No such (?:hypothesis|variable|goal)[:\s]+(?P<b>[\w']+))"
    r"|(?:Unbound (?:and ungeneralizable )?variable[:\s]+(?P<c>[\w']+))|(?:Hypothesis (?P<d>[\w']+) (?:was )?not found)"
)
# Rocq tells names that are spelt alike, and may tell a hundred of them.
_MEANT = re.compile(r"Did you mean ([^?]*)\?")
_MOST_MEANT = 4
_USED = re.compile(r"(?P<a>[\w']+) is (?:already used|used twice)|(?:name|identifier) (?P<b>[\w']+) is already")
_PARTS = re.compile(r"[_.]|(?<=[a-z])(?=[A-Z0-9])")

# Tactics that Coq no longer has, or other provers', and what does the same.
TACTICS = {
    "omega": ("lia",),
    "romega": ("lia",),
    "fourier": ("lra",),
    "psatzl": ("lra",),
    "nat_lia": ("lia",),
    "linarith": ("lia", "lra"),
    "nlinarith": ("nia", "nra"),
    "simp": ("simpl", "auto"),
    "rfl": ("reflexivity",),
    "tauto_solver": ("tauto",),
    "cases": ("destruct",),
    "rw": ("rewrite",),
    "intro_all": ("intros",),
    "contradict": ("contradiction",),
    "absurd_hyp": ("contradiction",),
    "inv": ("inversion",),
    "crush": ("intuition auto",),
    "congruence_closure": ("congruence",),
    "qsimpl": ("simpl in *",),
    "inversion_subst": ("inversion",),
}
# Lemmas of the standard library that were renamed: the old names fall away between 8.16 and 8.20.
_OPERATION = {"plus": "add", "mult": "mul", "minus": "sub"}
_LEMMAS = {
    "le_trans": "Nat.le_trans",
    "lt_trans": "Nat.lt_trans",
    "le_lt_trans": "Nat.le_lt_trans",
    "lt_le_trans": "Nat.lt_le_trans",
    "le_refl": "Nat.le_refl",
    "lt_irrefl": "Nat.lt_irrefl",
    "le_antisym": "Nat.le_antisymm",
    "le_not_lt": "Nat.le_ngt",
    "lt_not_le": "Nat.lt_nge",
    "lt_le_weak": "Nat.lt_le_incl",
    "le_n_S": "le_n_S",
    "le_S_n": "le_S_n",
    "lt_n_Sn": "Nat.lt_succ_diag_r",
    "lt_n_S": "Nat.succ_lt_mono",
    "lt_S_n": "Nat.succ_lt_mono",
    "le_lt_n_Sm": "Nat.lt_succ_r",
    "lt_n_Sm_le": "Nat.lt_succ_r",
    "lt_0_Sn": "Nat.lt_0_succ",
    "lt_O_Sn": "Nat.lt_0_succ",
    "le_0_n": "Nat.le_0_l",
    "le_O_n": "Nat.le_0_l",
    "lt_n_O": "Nat.nlt_0_r",
    "lt_n_0": "Nat.nlt_0_r",
    "le_n_O_eq": "Nat.le_0_r",
    "not_le": "Nat.nle_gt",
    "not_lt": "Nat.nlt_ge",
    "le_or_lt": "Nat.le_gt_cases",
    "le_lt_or_eq": "Nat.lt_eq_cases",
    "nat_total_order": "Nat.lt_gt_cases",
    "le_plus_l": "Nat.le_add_r",
    "le_plus_r": "Nat.le_add_l",
    "le_plus_trans": "Nat.le_add_le_add",
    "plus_n_O": "Nat.add_0_r",
    "plus_O_n": "Nat.add_0_l",
    "plus_n_Sm": "Nat.add_succ_r",
    "plus_Sn_m": "Nat.add_succ_l",
    "plus_assoc_reverse": "Nat.add_assoc",
    "plus_permute": "Nat.add_shuffle3",
    "plus_le_compat": "Nat.add_le_mono",
    "plus_lt_compat": "Nat.add_lt_mono",
    "plus_le_compat_l": "Nat.add_le_mono_l",
    "plus_le_compat_r": "Nat.add_le_mono_r",
    "plus_lt_compat_l": "Nat.add_lt_mono_l",
    "plus_lt_compat_r": "Nat.add_lt_mono_r",
    "plus_reg_l": "Nat.add_cancel_l",
    "mult_plus_distr_r": "Nat.mul_add_distr_r",
    "mult_plus_distr_l": "Nat.mul_add_distr_l",
    "mult_minus_distr_r": "Nat.mul_sub_distr_r",
    "mult_minus_distr_l": "Nat.mul_sub_distr_l",
    "mult_assoc_reverse": "Nat.mul_assoc",
    "mult_n_O": "Nat.mul_0_r",
    "mult_n_Sm": "Nat.mul_succ_r",
    "mult_le_compat": "Nat.mul_le_mono",
    "mult_le_compat_l": "Nat.mul_le_mono_l",
    "mult_le_compat_r": "Nat.mul_le_mono_r",
    "minus_n_O": "Nat.sub_0_r",
    "minus_n_n": "Nat.sub_diag",
    "minus_diag": "Nat.sub_diag",
    "minus_plus": "Nat.add_sub",
    "le_plus_minus": "Nat.sub_add",
    "eq_nat_dec": "Nat.eq_dec",
    "beq_nat_true": "Nat.eqb_eq",
    "beq_nat_refl": "Nat.eqb_refl",
    "beq_nat": "Nat.eqb",
    "leb_le": "Nat.leb_le",
    "leb_complete": "Nat.leb_le",
    "app_nil_end": "app_nil_r",
    "app_ass": "app_assoc",
    "ass_app": "app_assoc",
    "list_nil": "nil",
    "max_l": "Nat.max_l",
    "max_r": "Nat.max_r",
    "min_l": "Nat.min_l",
    "min_r": "Nat.min_r",
    "inj_plus": "Nat2Z.inj_add",
    "inj_mult": "Nat2Z.inj_mul",
    "inj_S": "Nat2Z.inj_succ",
    "inj_eq": "Nat2Z.inj",
    "Zplus_comm": "Z.add_comm",
    "Zmult_comm": "Z.mul_comm",
    "Zle_trans": "Z.le_trans",
    "Zlt_le_trans": "Z.lt_le_trans",
    "Zle_lt_trans": "Z.le_lt_trans",
    "Zle_refl": "Z.le_refl",
}


def is_not_found(failure: Failure) -> bool:
    """A name that is not there."""
    return _NOT_FOUND.search(failure.message) is not None


def is_used(failure: Failure) -> bool:
    """A new name that is taken."""
    return _USED.search(failure.message) is not None


def missing_name(message: str) -> str:
    """The name that a message says is not there; empty if it says none."""
    found = _NOT_FOUND.search(message)
    return next((one for one in found.groups() if one), "").strip(".") if found else ""


def meant_names(message: str, name: str) -> list[str]:
    """The likest of the names that a message says may have been meant, best first; none in Coq 8."""
    found = _MEANT.search(message)
    told = re.split(r",\s+|\s+or\s+", found[1].strip()) if found else []
    return sorted(filter(None, told), key=lambda other: -likeness(name, other))[:_MOST_MEANT]


def replace_name(sentence: str, old: str, new: str) -> str:
    """The sentence with a whole name replaced."""
    return re.sub(rf"(?<![\w'.]){re.escape(old)}(?![\w']|\.\w)", lambda _: new, sentence)


def modern(name: str) -> Iterator[str]:
    """What a lemma of the standard library may be called today."""
    if name in _LEMMAS:
        yield _LEMMAS[name]
    head, _, rest = name.partition("_")
    if head in _OPERATION and rest:
        yield f"Nat.{_OPERATION[head]}_{rest}"
    bare = name.rpartition(".")[2]
    if bare != name:
        yield bare
    for module in ("Nat", "Z", "N", "List", "Pos", "Bool"):
        if not name.startswith(f"{module}."):
            yield f"{module}.{bare}"
    if re.match(r"Z[a-z]", bare):
        yield f"Z.{_OPERATION.get(bare[1:].split('_')[0], bare[1:].split('_')[0])}_{bare.partition('_')[2]}".rstrip("_")


def likeness(name: str, other: str) -> float:
    """How alike two names are, 0 to 1: shared parts count more than shared letters."""
    parts = {one.lower() for one in _PARTS.split(name) if one}
    others = {one.lower() for one in _PARTS.split(other.rpartition(".")[2]) if one}
    shared = len(parts & others) / max(1, len(parts | others))
    return 0.6 * shared + 0.4 * difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()


def not_found(failure: Failure) -> Iterator[Rewrite]:
    """Replaces the missing name by its modern one, by what Coq takes it for, or by the nearest of those at hand."""
    name = missing_name(failure.message)
    if not name:
        return
    for tactic in TACTICS.get(name, ()):
        yield Rewrite(replace_name(failure.sentence, name, tactic))
    # Those that Coq tells are there; of the modern ones only what is in the table is more than a guess.
    for other in (*filter(None, [_LEMMAS.get(name)]), *meant_names(failure.message, name), *modern(name)):
        yield Rewrite(replace_name(failure.sentence, name, other), {name: other})
    at_hand = dict.fromkeys((*failure.names, *failure.premises, *failure.lemmas))
    at_hand.pop(name, None)
    ranked = sorted(at_hand, key=lambda other: -likeness(name, other))
    # A short name is a hypothesis', and any other hypothesis may be meant.
    for other in ranked[:12]:
        if len(name) <= 4 or likeness(name, other) > 0.25:
            yield Rewrite(replace_name(failure.sentence, name, other))
    yield from _without(failure.sentence, name)


def _without(sentence: str, name: str) -> Iterator[Rewrite]:
    """Leaves the name out of a list: `unfold a, b`, `rewrite a, b`, `using a, b`, `use: a, b`."""
    escaped = re.escape(name)
    shorter = re.sub(rf",\s*(?:<-\s*)?{escaped}(?![\w'.])|(?<![\w'.])(?:<-\s*)?{escaped}\s*,\s*", "", sentence, count=1)
    if shorter != sentence:
        yield Rewrite(shorter)
    dropped = re.sub(rf"\s(?:using|use:)\s+{escaped}(?![\w'])", "", sentence)
    if dropped != sentence:
        yield Rewrite(dropped)


def fresh(name: str, taken: set[str]) -> str:
    """A name like the given one that is not taken."""
    stem = name.rstrip("0123456789'") or name
    for number in range(100):
        candidate = f"{stem}{number}"
        if candidate not in taken:
            return candidate
    return f"{name}'"


def used(failure: Failure) -> Iterator[Rewrite]:
    """Gives the taken name a fresh one here, and in what follows."""
    found = _USED.search(failure.message)
    name = next((one for one in found.groups() if one), "") if found else ""
    if not name:
        return
    taken = {*failure.names, *re.findall(r"[\w']+", failure.sentence)}
    other = fresh(name, taken)
    head, arrow, rest = failure.sentence.partition(" as ")
    if arrow:
        yield Rewrite(head + arrow + replace_name(rest, name, other), {name: other})
    yield Rewrite(replace_name(failure.sentence, name, other), {name: other})
    # The name is there already: what was to be introduced may have been.
    yield Rewrite("")
