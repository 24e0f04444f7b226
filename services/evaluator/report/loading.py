"""A comparison of what is in a store."""

from collections.abc import Callable, Sequence

from evaluator.report.comparison import Comparison, compare
from evaluator.report.experiment import Experiment, ReportError, an_experiment
from evaluator.report.palm import NoRunError, Recorded, read
from evaluator.store import ExperimentStore


def load(
    store: ExperimentStore,
    names: Sequence[str],
    *,
    projects: Sequence[str] | None = None,
    palm: Sequence[str] = (),
    answers: bool = False,
    unmatched: Callable[[str], None] | None = None,
) -> Comparison:
    """Compares the experiments `names`, with PALM's recorded outcomes beside them.

    Args:
        store: holds the experiments.
        names: theirs; each is compared with the first.
        projects: only these; None: all.
        palm: `FILE.csv` or `FILE.csv:RUN`, as `palm.read` takes them.
        answers: read the model's answers too, which only the page shows.
        unmatched: is told where a file of PALM's has no run of the experiments' models; None: that is an error.

    Raises:
        StoreError: there is no such experiment.
        ReportError: one is empty, they have nothing in common, or a file is not PALM's.
    """
    if projects is not None and not projects:
        raise ReportError("no project is named: give --proj NAME[,NAME...], or leave it out.")
    experiments = [_experiment(store, name, projects, answers=answers) for name in names]
    recorded: dict[str, Recorded] = {}
    for choice in palm:
        try:
            recorded |= {run.name: run for run in read(choice, experiments)}
        except NoRunError as error:
            if unmatched is None:
                raise
            unmatched(str(error))
    return compare(experiments, list(recorded.values()))


def _experiment(store: ExperimentStore, name: str, projects: Sequence[str] | None, *, answers: bool) -> Experiment:
    settings = store.experiment(name)
    records = {record.key: record for record in store.records(name, answers=answers)}
    # What coqc said of another proof of the same theorem says nothing of this one.
    asked = store.verifications(name).items()
    verified = {key: one.outcome for key, one in asked if key in records and records[key].script == one.script}
    return an_experiment(name, records.values(), settings=settings, verified=verified, projects=projects)
