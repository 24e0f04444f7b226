"""The kernel gate: what a proof uses of Coq's kernel, against what is known to be wrong with that."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from coq_checker.engine.api import Audit
from coq_checker.result import UNGUARDED
from coq_checker.soundness.known_bugs import KnownBug, touching


class SoundnessPolicy(Enum):
    """What becomes of a proof that the kernel accepts and should perhaps not have."""

    STRICT = "strict"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Use:
    """What a proof uses of the kernel beyond its plain core.

    Attributes:
        features: names of `coq_checker.soundness.features.Feature`, in order.
        places: where those are that a proof can be refused for: the feature, and a declaration with what is wrong.
        bugs: known soundness bugs of the running version that touch the features.
    """

    features: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    bugs: tuple[KnownBug, ...]

    @property
    def reports(self) -> tuple[str, ...]:
        """The bugs' public reports."""
        return tuple([bug.id for bug in self.bugs])

    @property
    def refusal(self) -> str:
        """Why the strict policy refuses the proof, as one sentence; empty where it does not."""
        wanting = sorted(UNGUARDED.intersection(self.features))
        touched = {
            feature for bug in self.bugs for way in bug.features if way.issubset(self.features) for feature in way
        }
        blamed = sorted({*wanting, *touched})
        if not blamed:
            return ""
        told = []
        for feature in blamed:
            where = next((why for found, why in self.places if found == feature), "")
            told.append(f"{feature} ({where})" if where else feature)
        why = f"the policy `strict` does not allow what the proof uses: {', '.join(told)}"
        if self.bugs:
            why += f"; known bugs of this Coq: {', '.join(self.reports)}"
        return f"{why}; {_STRUCTURALLY if wanting else _OTHERWISE}."


_STRUCTURALLY = (
    "let each recursive call be on a variable that a match on the decreasing argument binds (or recurse on `Acc`), or "
    "ask for the policy `report`"
)
_OTHERWISE = "prove it without them, or ask for the policy `report`"
_PLAIN = Use((), (), ())
_touching = lru_cache(maxsize=256)(touching)


def use_of(audits: Sequence[Audit], version: tuple[int, ...]) -> Use | None:
    """What a proof uses; None where the engine cannot look at terms.

    Args:
        audits: of all constants that were proved.
        version: of the running Coq.
    """
    if len(audits) == 1 and audits[0].features == () and not audits[0].assumptions:
        return _PLAIN  # as most are
    if any(audit.features is None for audit in audits):
        return None
    found = {feature for audit in audits for feature in audit.features or ()}
    if any(one.kind == "uip" for audit in audits for one in audit.assumptions):
        found.add("definitional_uip")
    features = tuple(sorted(found))
    if not features:
        return _PLAIN
    places = tuple(dict.fromkeys(place for audit in audits for place in audit.places))
    return Use(features, places, _touching(features, version))
