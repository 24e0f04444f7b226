"""An experiment as a report takes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluator.errors import EvaluatorError
from evaluator.record import Key, Record
from evaluator.store import Outcome


class ReportError(EvaluatorError):
    """The report cannot be made; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """The records of one experiment.

    Attributes:
        settings: what the store knows of the whole run. `orchestration_cpu_s`, where it is there, is the CPU that
            the run's own processes took, without Coq and the provers that it starts.
        verified: of proofs that coqc was asked about once more, what it said.
    """

    name: str
    records: Mapping[Key, Record]
    settings: Mapping[str, Any] = field(default_factory=dict)
    verified: Mapping[Key, Outcome] = field(default_factory=dict)

    @property
    def proved(self) -> frozenset[Key]:
        """What it proved."""
        return frozenset(key for key, record in self.records.items() if record.proved)

    def said(self, outcome: Outcome) -> tuple[Key, ...]:
        """The proofs of which coqc said this."""
        return tuple(sorted(key for key, found in self.verified.items() if found is outcome))

    @property
    def orchestration_cpu_s(self) -> float | None:
        """CPU seconds outside Coq and the provers that it starts; None where they were not measured."""
        found = self.settings.get("orchestration_cpu_s")
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def an_experiment(
    name: str,
    records: Iterable[Record],
    *,
    settings: Mapping[str, Any] | None = None,
    verified: Mapping[Key, Outcome] | None = None,
    projects: Sequence[str] | None = None,
) -> Experiment:
    """The experiment `name`, of all its projects or of `projects` alone.

    Raises:
        ReportError: there is nothing in it.
    """
    everything = {record.key: record for record in records}
    if not everything:
        raise ReportError(f"the experiment {name} is empty: run `palmetto eval --exp-name {name}` first.")
    verified = {key: said for key, said in (verified or {}).items() if key in everything and everything[key].proved}
    if projects is None:
        return Experiment(name, everything, settings or {}, verified)
    chosen = {key: record for key, record in everything.items() if key.project in projects}
    if not chosen:
        known = ", ".join(sorted({key.project for key in everything}))
        raise ReportError(f"the experiment {name} has no theorem of {', '.join(projects)}: it has those of {known}.")
    # What was measured for all of it does not hold for a part.
    held = {name: value for name, value in (settings or {}).items() if name != "orchestration_cpu_s"}
    return Experiment(name, chosen, held, {key: said for key, said in verified.items() if key in chosen})
