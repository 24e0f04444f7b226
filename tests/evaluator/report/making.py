"""Experiments made for the tests of the report."""

import random
from pathlib import Path
from typing import Any

from evaluator.record import Record, StageCost
from evaluator.report import Experiment, an_experiment
from evaluator.store import ExperimentStore

STAGES = ("start", "cheap", "model", "light", "openings", "hammer", "strong", "holes", "search")


def record(experiment: str, project: str, theorem: str, verdict: str = "PROVED", **more: Any) -> Record:
    proved = verdict == "PROVED"
    given: dict[str, Any] = {
        "file": "A.v",
        "index": 0,
        "script": "Proof. auto. Qed." if proved else "",
        "how": "cheap" if proved else "",
        "cause": "" if proved else "budget",
        "budget_cpu_s": 60.0,
        **more,
    }
    return Record(experiment, project, given.pop("file"), theorem, given.pop("index"), verdict, **given)


def made(name: str, outcomes: dict[str, dict[str, bool]], **more: Any) -> Experiment:
    """An experiment with these outcomes, by project and theorem."""
    return an_experiment(
        name,
        [
            record(name, project, theorem, "PROVED" if proved else "NOT_PROVED", **more)
            for project, row in outcomes.items()
            for theorem, proved in row.items()
        ],
    )


def paired(both: int, only_first: int, only_second: int, neither: int, project: str = "demo") -> list[Experiment]:
    """Two experiments on the same theorems, with so many of each kind."""
    kinds = [(True, True)] * both + [(True, False)] * only_first + [(False, True)] * only_second
    kinds += [(False, False)] * neither
    return [
        made(name, {project: {f"t{number}": kind[side] for number, kind in enumerate(kinds)}})
        for side, name in enumerate(("one", "two"))
    ]


def realistic(name: str, sizes: dict[str, int], rate: float, seed: int) -> Experiment:
    """An experiment that looks like a real one: several projects, times over five powers of ten, stages, answers."""
    drawn = random.Random(seed)
    shared = random.Random(0)
    records = []
    for project, size in sizes.items():
        ease = shared.uniform(-0.25, 0.25)
        for number in range(size):
            hardness = shared.random()
            proved = hardness < rate + ease + drawn.gauss(0, 0.08)
            cpu_s = min(10 ** drawn.gauss(0.2, 0.8), 60.0) if proved else drawn.choice([60.0, 60.0, 60.0, 21.5])
            reached = drawn.randint(2, len(STAGES)) if proved else len(STAGES)
            records.append(
                record(
                    name,
                    project,
                    f"lemma_{number}",
                    "PROVED" if proved else "TIMEOUT" if cpu_s == 60 else "NOT_PROVED",
                    file=f"theories/Part{number // 20}.v",
                    kind="Lemma",
                    statement=f"Lemma lemma_{number} : forall n m : nat, n + m + {number} = m + n + {number}.",
                    script=f"Proof.\n  intros n m.\n  rewrite (Nat.add_comm n m).\n  (* {number} *) reflexivity.\nQed."
                    if proved
                    else "",
                    how=drawn.choice(["cheap", "model", "repaired", "hammer", "model+hammer", "search"])
                    if proved
                    else "",
                    cause="" if proved else "budget" if cpu_s == 60 else "nothing_found",
                    message="" if proved else "the budget was spent.",
                    partial="" if proved else "Proof.\n  intros n m.\n  admit.\nAdmitted.",
                    holes=0 if proved else 1,
                    cpu_s=cpu_s,
                    wall_s=cpu_s * 0.6 + drawn.uniform(0.1, 3),
                    stages=tuple(
                        StageCost(stage, cpu_s / reached * drawn.uniform(0.2, 1), cpu_s / reached)
                        for stage in STAGES[:reached]
                    ),
                    model=name,
                    model_answers=("```coq\nintros. lia.\nQed.\n```", "Proof. induction n; simpl; auto. Qed."),
                    prompt_tokens=drawn.randint(500, 4000),
                    completion_tokens=drawn.randint(20, 400),
                    prompt="instruct",
                    printing="plain",
                    samples=4,
                    coq_version="8.20.1",
                    palmetto_version="0.1.0",
                    started_at="2025-11-02T08:15:00Z",
                )
            )
    return an_experiment(name, records, settings={"orchestration_cpu_s": 0.03 * sum(one.cpu_s for one in records)})


def stored(path: Path) -> None:
    """A store with two experiments, one of which has a name that is markup, and one without a theorem."""
    with ExperimentStore.open(path) as store:
        for name, rate in (("first", 0.4), ("second & <b>bold</b>", 0.6)):
            found = realistic(name, {"demo": 20, "other": 5}, rate, seed=1)
            store.begin(name, {"model": f"model of {rate}"}, {"demo": {}, "other": {}})
            store.put_all(list(found.records.values()))
        store.begin("empty", {}, {"demo": {}})
