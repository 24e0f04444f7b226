"""The `palmetto` command: all of its parts are there, and each is loaded alone."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from palmetto.cli import app

NAMES = "toolchain project serve check prove fill eval compare up mcp health index crawl extract train"
NESTED = [
    ("serve", "coq-checker retriever model-server prover"),
    ("eval", "verify merge list show matrix"),
    ("toolchain", "ensure list show use"),
    ("project", "list build fetch"),
    ("train", "preflight"),
]
ALL = [[name] for name in NAMES.split()] + [[group, name] for group, names in NESTED for name in names.split()]


def test_the_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    # A command's line begins with its name; what its help goes on with is indented.
    begun = [line.split()[1] for line in shown.output.split("\n") if line.startswith("│ ") and line[2] not in " -"]
    assert begun == NAMES.split()


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_command_tells_what_it_takes(words: list[str]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert " ".join(words) in shown.output
    assert "completion" not in shown.output


@pytest.mark.parametrize("words", ["eval", "eval list", "eval verify", "eval matrix", "compare", "serve prover"])
def test_help_in_brackets_is_not_taken_for_markup(words: str) -> None:
    shown = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "200"})
    assert "(PALMETTO_EXPERIMENTS)" in shown.output


def test_a_command_that_is_none() -> None:
    shown = CliRunner().invoke(app, ["prvoe"])
    assert shown.exit_code == 2
    assert "No such command 'prvoe'" in shown.output


@pytest.mark.parametrize(
    ("service", "others"),
    [
        ("coq-checker", ["prover", "evaluator", "retriever", "model_server", "pyarrow", "numpy"]),
        ("retriever", ["prover", "evaluator", "model_server", "pyarrow"]),
        ("model-server", ["evaluator", "trainer", "pyarrow"]),
    ],
)
def test_a_service_does_not_load_the_others(service: str, others: list[str]) -> None:
    code = f"""
import sys
from palmetto.cli import app
try:
    app(["serve", "{service}", "--listen", "no address"])
except SystemExit:
    pass
print(*[name for name in {others!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("palmetto ")


def test_how_much_a_service_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_LOG_LEVEL", "chatty")
    shown = CliRunner().invoke(app, ["serve", "coq-checker"])
    assert shown.exit_code == 2
    assert shown.output.strip().split("\n")[-1] == (
        "palmetto: PALMETTO_LOG_LEVEL is 'chatty': give debug, info, warning, error or critical."
    )
