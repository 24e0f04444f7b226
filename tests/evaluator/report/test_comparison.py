"""What a comparison counts."""

import pytest

from evaluator.record import Key, StageCost
from evaluator.report import ReportError, an_experiment, compare
from evaluator.report.comparison import ALL
from evaluator.report.costs import StageSum, marks
from evaluator.report.statistics import Paired
from evaluator.store import Outcome

from .making import made, paired, realistic, record


def key(project: str, theorem: str, file: str = "A.v", index: int = 0) -> Key:
    return Key(project, file, theorem, index)


ONE = {"p": {"a": True, "b": True, "c": False}, "q": {"d": True, "e": False}}
TWO = {"p": {"a": True, "b": False, "c": True}, "q": {"d": False, "f": True}}


def test_success_is_counted_by_project_and_over_all() -> None:
    found = compare([made("one", ONE), made("two", TWO)])
    assert found.projects == ("p", "q")
    assert {
        project: {name: (share.proved, share.total) for name, share in row.items()}
        for project, row in found.shares.items()
    } == {
        "p": {"one": (2, 3), "two": (2, 3)},
        "q": {"one": (1, 2), "two": (1, 2)},
        ALL: {"one": (3, 5), "two": (3, 5)},
    }


def test_a_pair_is_counted_on_the_theorems_that_both_have() -> None:
    (pair,) = compare([made("one", ONE), made("two", TWO)]).pairs
    assert (pair.first, pair.second) == ("one", "two")
    assert {line.project: line.counts for line in pair.lines} == {"p": Paired(1, 1, 1, 0), "q": Paired(0, 1, 0, 0)}
    assert pair.total.counts == Paired(both=1, only_first=2, only_second=1, neither=0)
    assert (pair.missing_first, pair.missing_second) == (1, 1)
    assert pair.only_first == (key("p", "b"), key("q", "d"))
    assert pair.only_second == (key("p", "c"),)
    assert pair.total.counts.difference == pytest.approx(-1 / 4)


def test_each_is_compared_with_the_first() -> None:
    found = compare([made("one", ONE), made("two", TWO), made("three", ONE)])
    assert [(pair.first, pair.second) for pair in found.pairs] == [("one", "two"), ("one", "three")]
    assert found.pairs[1].total.counts == Paired(3, 0, 0, 2)


def test_what_one_alone_proves_is_said_against_all_others() -> None:
    found = compare([made("one", ONE), made("two", TWO), made("three", {"p": {"a": False, "b": True, "c": False}})])
    assert found.common == 3
    assert found.alone == {"one": (), "two": (key("p", "c"),), "three": ()}


def test_one_experiment_is_reported_without_pairs() -> None:
    found = compare([made("one", ONE)])
    assert found.pairs == ()
    assert found.alone == {}
    assert found.common == 5


def test_theorems_of_one_name_are_told_apart() -> None:
    one = an_experiment("one", [record("one", "p", "a"), record("one", "p", "a", "NOT_PROVED", index=1)])
    two = an_experiment("two", [record("two", "p", "a", "NOT_PROVED"), record("two", "p", "a", index=1)])
    (pair,) = compare([one, two]).pairs
    assert pair.total.counts == Paired(0, 1, 1, 0)


def test_the_families_p_values_are_adjusted() -> None:
    outcomes = {name: {f"t{number}": True for number in range(6)} for name in ("p", "q")}
    none = {name: dict.fromkeys(row, False) for name, row in outcomes.items()}
    (pair,) = compare([made("one", none), made("two", outcomes)]).pairs
    assert [line.p for line in pair.lines] == pytest.approx([2 / 64, 2 / 64])
    assert [line.p_holm for line in pair.lines] == pytest.approx([4 / 64, 4 / 64])
    assert pair.total.p == pytest.approx(2 / 4096)
    assert pair.total.p_holm is None


def test_curves_count_proofs_by_when_they_are_there() -> None:
    records = [record("one", "p", f"t{n}", cpu_s=cpu_s, wall_s=2 * cpu_s) for n, cpu_s in enumerate((0.5, 3.0, 0.2))]
    records.append(record("one", "p", "failed", "TIMEOUT", cpu_s=0.1, wall_s=0.1))
    curves = compare([an_experiment("one", records)]).curves
    cpu, wall = curves["cpu_s"]["one"], curves["wall_s"]["one"]
    assert (cpu.times, cpu.total) == ((0.2, 0.5, 3.0), 4)
    assert [cpu.solved(at) for at in (0.1, 0.2, 0.5, 2.9, 3.0, 60)] == [0, 1, 2, 2, 3, 3]
    assert wall.times == (0.4, 1.0, 6.0)
    assert marks(curves["cpu_s"]) == [0.5, 1, 2, 5]
    assert marks({"one": type(cpu)((), 4)}) == [0.5]


def test_causes_and_ways_are_counted() -> None:
    one = an_experiment(
        "one",
        [
            record("one", "p", "a", how="model"),
            record("one", "p", "b", "TIMEOUT"),
            record("one", "p", "c", "ERROR", cause=""),
        ],
    )
    two = an_experiment("two", [record("two", "p", name, "TIMEOUT") for name in "abc"])
    found = compare([one, two])
    assert found.found_by == {"model": {"one": 1, "two": 0}}
    assert found.causes == {"budget": {"one": 1, "two": 3}, "error": {"one": 1, "two": 0}}
    assert list(found.causes) == ["budget", "error"]


def test_costs_are_added_up() -> None:
    first = (StageCost("start", 0.5, 1.0), StageCost("search", 1.0, 2.0), StageCost("search", 0.5, 0.5))
    one = an_experiment(
        "one",
        [
            record("one", "p", "a", cpu_s=2.0, wall_s=4.0, stages=first, prompt_tokens=10, completion_tokens=1),
            record("one", "p", "b", "TIMEOUT", cpu_s=4.0, wall_s=6.0, stages=(StageCost("start", 4.0, 6.0),)),
            record("one", "p", "c", "TIMEOUT", cpu_s=6.0, wall_s=11.0, prompt_tokens=5),
        ],
        settings={"orchestration_cpu_s": 0.5},
    )
    cost = compare([one]).costs["one"]
    assert (cost.cpu_s, cost.wall_s, cost.cpu_median_s, cost.wall_median_s) == (12.0, 21.0, 4.0, 6.0)
    assert cost.cpu_per_proof_s == 12.0
    assert (cost.prompt_tokens, cost.completion_tokens) == (15, 1)
    assert cost.stages == {"start": StageSum(4.5, 7.0), "search": StageSum(1.5, 2.5)}
    assert cost.orchestration_share == pytest.approx(0.04)


def test_costs_without_a_proof_or_a_measure_are_not_made_up() -> None:
    cost = compare([an_experiment("one", [record("one", "p", "a", "TIMEOUT")])]).costs["one"]
    assert cost.cpu_per_proof_s is None
    assert cost.orchestration_share is None


def test_settings_that_differ_are_marked_and_mixed_ones_noted() -> None:
    one = an_experiment("one", [record("one", "p", "a", model="m"), record("one", "p", "b", "TIMEOUT", model="")])
    two = an_experiment("two", [record("two", "p", "a", model="n"), record("two", "p", "b", budget_cpu_s=300.0)])
    found = compare([one, two])
    settings = {setting.name: (setting.values, setting.differs) for setting in found.settings}
    assert settings["model"] == (("m", "n"), True)
    assert settings["budget, CPU s a theorem"] == (("60", "300, 60"), True)
    assert settings["seed"] == (("0", "0"), False)
    assert settings["samples"] == (("as suit the model", "as suit the model"), False)
    assert "CoqHammer" not in settings
    assert found.notes == ("two did not run under one setting: budget, CPU s a theorem changed within it.",)


def test_settings_of_the_whole_run_are_told_of_its_projects_too() -> None:
    with_it, without = (
        an_experiment(
            name,
            [record(name, "p", "a"), record(name, "q", "b")],
            settings={"hammer": hammer, "orchestration_cpu_s": 1.0},
            projects=["p"],
        )
        for name, hammer in (("with", True), ("without", False))
    )
    found = compare([with_it, without])
    settings = {setting.name: (setting.values, setting.differs) for setting in found.settings}
    assert settings["CoqHammer"] == (("yes", "no"), True)
    assert found.costs["with"].orchestration_share is None


def test_what_limits_the_figures_is_noted() -> None:
    one = made("one", ONE)
    two = an_experiment("two", [record("two", "p", "a", "ERROR", cause="infrastructure")])
    assert compare([one, two]).notes == (
        "4 of the 5 theorems of one are not in every experiment.",
        "1 of the 1 theorems of two could not be worked on, for a reason outside the prover; they count as not proved.",
    )


def test_verifications_count_of_proofs_alone() -> None:
    records = list(made("one", ONE).records.values())
    asked = {
        key("p", "a"): Outcome.AGREES,
        key("q", "d"): Outcome.REFUSED,
        key("p", "c"): Outcome.REFUSED,
        key("p", "gone"): Outcome.REFUSED,
    }
    one = an_experiment("one", records, verified=asked)
    assert one.verified == {key("p", "a"): Outcome.AGREES, key("q", "d"): Outcome.REFUSED}
    assert compare([one]).notes == ("coqc refused 1 of the proofs of one: its figures cannot be trusted.",)
    assert an_experiment("one", records, verified=asked, projects=["p"]).verified == {key("p", "a"): Outcome.AGREES}


def test_projects_can_be_chosen() -> None:
    records = list(made("one", ONE).records.values())
    chosen = an_experiment("one", records, projects=["q"], settings={"orchestration_cpu_s": 3})
    assert sorted(chosen.records) == [key("q", "d"), key("q", "e")]
    assert chosen.orchestration_cpu_s is None
    with pytest.raises(ReportError, match=r"^the experiment one has no theorem of r: it has those of p, q\.$"):
        an_experiment("one", records, projects=["r"])


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(ReportError, match=r"^the experiment one is empty: run `palmetto eval --exp-name one` first\.$"):
        an_experiment("one", [])
    with pytest.raises(
        ReportError, match=r"^one and two have no theorem in common: see that their projects are the same\.$"
    ):
        compare([made("one", {"p": {"a": True}}), made("two", {"q": {"a": True}})])
    with pytest.raises(ReportError, match=r"^the experiment one is named twice"):
        compare([made("one", ONE), made("one", ONE)])
    with pytest.raises(ReportError, match=r"^there is nothing to compare"):
        compare([])


def test_pairs_of_a_larger_experiment_add_up() -> None:
    one, two = realistic("one", {"p": 40, "q": 25}, 0.4, 1), realistic("two", {"p": 40, "q": 25}, 0.6, 2)
    found = compare([one, two])
    (pair,) = found.pairs
    assert pair.total.counts == tuple(map(sum, zip(*(line.counts for line in pair.lines), strict=True)))
    assert pair.total.counts.first == found.shares[ALL]["one"].proved == len(one.proved)
    assert pair.total.counts.second == found.shares[ALL]["two"].proved
    assert sum(row["two"] for row in found.found_by.values()) == len(two.proved)
    assert sum(row["two"] for row in found.causes.values()) == 65 - len(two.proved)
    assert found.curves["cpu_s"]["two"].solved(60) == len(two.proved)


def test_the_halves_of_a_pair_are_paired() -> None:
    (pair,) = compare(paired(3, 2, 7, 1)).pairs
    assert pair.total.counts == Paired(3, 2, 7, 1)
