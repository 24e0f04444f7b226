"""Bad input of every option: one clear sentence, status 2, nothing begun."""

from pathlib import Path

import pytest

from evaluator.store import ExperimentStore

from .evaluating import run

GOOD = ("--proj", "examples", "--exp-name", "e")
CASES = [
    ((), "--proj NAME is needed"),
    (("--proj", " , ", "--exp-name", "e"), "--proj NAME is needed"),
    (("--proj", "examples"), "--exp-name NAME is needed"),
    (("--proj", "nowhere", "--exp-name", "e"), "there is no project 'nowhere'"),
    (("--proj", "examples,verdi", "--exp-name", "e"), "in the catalogue but not on this machine"),
    (("--proj", "examples", "--exp-name", "../up"), "no name for an experiment"),
    (("--proj", "examples", "--exp-name", ""), "no name for an experiment"),
    ((*GOOD, "--theorems", "nothing_of_that_name,examples/Logic.v:"), "names no theorem"),
    ((*GOOD, "--theorems", "no_such_list.txt"), "no list of theorems"),
    ((*GOOD, "--shard", "2/2"), "is no shard"),
    ((*GOOD, "--shard", "x"), "is no shard"),
    ((*GOOD, "--model", "replay:no_such_folder"), "there is no folder"),
    ((*GOOD, "--model", "http://127.0.0.1:9/v1"), "cannot be reached"),
    ((*GOOD, "--model", "gpt"), "is no model"),
    ((*GOOD, "--server", "http://127.0.0.1:9"), "does not answer"),
    ((*GOOD, "--server", "http://127.0.0.1:9", "--model", "neighbours"), "leave --model or --server out"),
    ((*GOOD, "--out", "nosuchscheme://x"), "cannot be reached"),
    ((*GOOD, "--out", "/proc/nowhere"), "cannot be written"),
    ((*GOOD, "--store", "/proc/nowhere/e.sqlite"), "cannot be used as experiment store"),
    ((*GOOD, "verify", "e"), "is a command of its own"),
    (("verify", "nothing"), "there is no experiment 'nothing'"),
    (("show", "nothing"), "there is no experiment 'nothing'"),
    (("merge", "nowhere"), "there are no parts in nowhere"),
    (("merge", "nowhere", "--as", "x"), "--as goes with --exp-name"),
    (("matrix", "nowhere.toml"), "cannot be read"),
]
RANGES = [
    ("--threads", "0"), ("--threads", "x"), ("--samples", "0"), ("--samples", "65"), ("--budget", "0"),
    ("--budget", "4000"), ("--limit", "0"), ("--seed", "-1"), ("--prompt", "chat"),
    ("--printing", "pretty"), ("--nonsense", "1"),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad") / "e.sqlite"
    ExperimentStore.open(path).close()
    return path


@pytest.mark.parametrize(("arguments", "says"), CASES, ids=[" ".join(one) or "nothing" for one, _ in CASES])
def test_it_is_said_in_a_sentence(arguments: tuple[str, ...], says: str, store: Path) -> None:
    done = run(*arguments, store=store, timeout_s=60)
    # A prover that runs elsewhere may be there a moment later.
    assert done.returncode == (1 if "does not answer" in says else 2), (done.stdout, done.stderr)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    if "--exp-name" in arguments:
        with ExperimentStore.open(store) as opened:
            assert list(opened.records("e")) == []


@pytest.mark.parametrize("arguments", RANGES, ids=" ".join)
def test_values_out_of_range(arguments: tuple[str, ...], store: Path) -> None:
    done = run(*GOOD, *arguments, store=store, timeout_s=60)
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_recordings_of_several_models(store: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "examples.jsonl").write_text("")
    done = run(*GOOD, "--model", f"replay:{tmp_path}", store=store)
    assert done.returncode == 2
    assert "several models (one, two): name one" in done.stderr
    (tmp_path / "one" / "examples.jsonl").rename(tmp_path / "one" / "other.jsonl")
    done = run(*GOOD, "--model", f"replay:{tmp_path / 'one'}", store=store)
    assert done.returncode == 2
    assert "has no recordings of examples" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[experiments", "is no TOML file"),
        ("", "experiments: field required"),
        ("[experiments]", "has no experiment"),
        ("[experiments.a]\n", "the experiment a has no `proj`"),
        (
            "[experiments.a]\nproj = 'examples'\nbudgett = 3",
            "experiments.a.budgett: is no option; the nearest one is `budget`",
        ),
        ("[common]\nproj = ['examples']\nthreads = 0\n[experiments.a]", "experiments.a.threads: "),
        ("[experiments.a]\nproj = 'examples'\nprompt = 'chat'", "experiments.a.prompt: "),
        ("[experiments.a]\nproj = 'examples'\nmodel = 'x'\nserver = 'y'", "a server has its own model"),
        ("verify = 'maybe'\n[experiments.a]\nproj = 'examples'", "verify: "),
        (
            "[experiments.a]\nproj = 'examples'\n[compare]\nhtlm = 'x'",
            "compare.htlm: is no option; the nearest one is `html`",
        ),
        ("[experiments.'../a']\nproj = 'examples'", "no name for an experiment"),
    ],
)
def test_a_matrix_that_is_none(text: str, says: str, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text(text)
    done = run("matrix", str(file), store=store, timeout_s=60)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_patience_is_a_number(store: Path) -> None:
    done = run(*GOOD, store=store, environment={"PALMETTO_EVAL_PATIENCE_S": "long"})
    assert done.returncode == 2
    assert "PALMETTO_EVAL_PATIENCE_S is 'long'" in done.stderr


def test_results_that_cannot_be_used_have_a_status_of_their_own(tmp_path: Path) -> None:
    """A job must not try it again, and other shards may be well."""
    store = tmp_path / "e.sqlite"
    store.write_text("this is no database" * 100)
    done = run("--proj", "examples", "--exp-name", "e", store=store)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    part = tmp_path / "out" / "e" / "a.parquet"
    part.parent.mkdir(parents=True)
    part.write_text("this is no part")
    done = run("--proj", "examples", "--exp-name", "e", "--out", str(tmp_path / "out"), store=tmp_path / "f.sqlite")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr


def test_merge_waits_for_one_experiment_only(tmp_path: Path) -> None:
    done = run("merge", str(tmp_path), "--shards", "2", store=tmp_path / "e.sqlite")
    assert done.returncode == 2
    assert "--shards goes with --exp-name" in done.stderr
