"""PALM's recorded outcomes beside an experiment's."""

from pathlib import Path

import pytest

from evaluator.record import Key
from evaluator.report import Experiment, ReportError, an_experiment, compare
from evaluator.report.palm import read
from evaluator.report.statistics import Paired

from ...conftest import SHARED
from .making import made, record

HEADER = "project,file,theorem,run,succeeded,seconds\n"
TABLE = HEADER + (
    'p,A,a,"gpt, no retrieval",1,\n'
    "p,A,a,gpt,1,0.5\n"
    "p,A,b,gpt,0,\n"
    "p,A,inner,gpt,1,2.0\n"
    "p,A,twice,gpt,1,2.0\n"
    "p,A,gone,gpt,1,2.0\n"
    "p,sub/B,a,gpt,0,\n"
    "other,A,a,gpt,1,\n"
    "p,A,a,llama,0,\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "palm.csv"
    path.write_text(TABLE)
    return path


def experiment(name: str = "one", model: str = "gpt") -> Experiment:
    return an_experiment(
        name,
        [
            record(name, "p", "a", model=model),
            record(name, "p", "b", model=model),
            record(name, "p", "M.inner", "TIMEOUT", model=model),
            record(name, "p", "twice", model=model),
            record(name, "p", "twice", index=1, model=model),
            record(name, "p", "a", file="sub/B.v", model=model),
            record(name, "p", "ours", model=model),
        ],
    )


def test_outcomes_are_joined_by_project_file_and_theorem(table: Path) -> None:
    (found,) = read(f"{table}:gpt", [experiment()])
    assert found.outcomes == {
        Key("p", "A.v", "a", 0): True,
        Key("p", "A.v", "b", 0): False,
        Key("p", "A.v", "M.inner", 0): True,
        Key("p", "sub/B.v", "a", 0): False,
    }
    assert (found.rows, found.unmatched, found.ambiguous) == (6, 1, 1)
    assert found.run == "gpt"


def test_without_a_run_it_is_that_of_the_experiments_model(table: Path) -> None:
    found = read(str(table), [experiment(), experiment("two", "llama"), experiment("three", "mine")])
    assert [(run.run, run.models) for run in found] == [("gpt", ("one",)), ("llama", ("two",))]


def test_a_run_is_a_column_and_each_experiment_of_its_model_is_compared_with_it(table: Path) -> None:
    experiments = [experiment(), experiment("two", "llama")]
    found = compare(experiments, read(str(table), experiments))
    assert found.columns == ("one", "two", "PALM: gpt", "PALM: llama")
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        ("one", "two"),
        ("PALM: gpt", "one"),
        ("PALM: llama", "two"),
    ]
    # a: both; b and sub/B's a: ours alone; M.inner: PALM's alone.
    assert found.pairs[1].total.counts == Paired(both=1, only_first=1, only_second=2, neither=0)
    assert (found.shares["p"]["PALM: gpt"].proved, found.shares["p"]["PALM: gpt"].total) == (2, 4)


def test_a_run_of_no_experiments_model_is_compared_with_all(table: Path) -> None:
    experiments = [experiment("one", "mine"), experiment("two", "mine")]
    found = compare(experiments, read(f"{table}:gpt, no retrieval", experiments))
    assert [(pair.first, pair.second) for pair in found.pairs[1:]] == [
        ("PALM: gpt, no retrieval", "one"),
        ("PALM: gpt, no retrieval", "two"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n", "palm.csv is not PALM's table: it has no column 'project'."),
        (b"", "palm.csv is not PALM's table: it has no column 'project'."),
        (b"\xff\xfe\x00", "palm.csv is not PALM's table: it is not a CSV file in UTF-8."),
        (HEADER.encode(), "palm.csv has no line under its header."),
        (HEADER.encode() + b"p,A,a,gpt,yes,\n", "palm.csv is not PALM's table: line 2 has 'yes' as `succeeded`."),
        (HEADER.encode() + b"p,A,a\n", "palm.csv is not PALM's table: line 2 has None as `succeeded`."),
        (
            HEADER.encode() + b"q,A,a,gpt,1,\n",
            "no theorem of the experiments has an outcome in the run 'gpt': see that ",
        ),
    ],
)
def test_a_file_that_is_not_palms_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "palm.csv"
    path.write_bytes(content)
    with pytest.raises(ReportError) as raised:
        read(f"{path}:gpt", [experiment()])
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_or_run_that_is_not_there_is_told(table: Path, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"nothing\.csv cannot be read: no such file or directory\.$"):
        read(str(tmp_path / "nothing.csv"), [experiment()])
    with pytest.raises(
        ReportError, match=r"palm\.csv has no run 'gpt-9': it has 'gpt', 'gpt, no retrieval', 'llama'\.$"
    ):
        read(f"{table}:gpt-9", [experiment()])
    with pytest.raises(
        ReportError, match=r"^no experiment's model is a run of .*: name one as FILE\.csv:RUN, of 'gpt'"
    ):
        read(str(table), [experiment(model="mine")])


@pytest.mark.shared
def test_palms_own_table_gives_its_own_figures() -> None:
    # What PALM's logs say of hoare-tut with GPT-4o: 12 of 18; zfc, with GPT-3.5: 42 of 131.
    table = SHARED / "palm_outcomes.csv"
    lines = [line.split(",") for line in table.read_text().splitlines()]
    for project, run, proved, total in (
        ("hoare-tut", "gpt-4o-2024-05-13", 12, 18),
        ("zfc", "gpt-3.5-turbo-0125", 42, 131),
    ):
        theorems = {(line[1], line[2]) for line in lines if line[0] == project}
        one = an_experiment(
            "one", [record("one", project, name, "TIMEOUT", file=f"{file}.v") for file, name in theorems]
        )
        (found,) = read(f"{table}:{run}", [one])
        share = compare([one], [found]).shares[project][found.name]
        assert (share.proved, share.total) == (proved, total)
        assert (found.unmatched, found.ambiguous) == (0, 0)


def test_made_experiments_can_be_joined(table: Path) -> None:
    (found,) = read(f"{table}:llama", [made("one", {"p": {"a": True}})])
    assert found.outcomes == {Key("p", "A.v", "a", 0): False}
