"""docker/build, with programs on PATH that stand for the engines: what it runs, and what it says without any."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coq_checker.toolchain.recipe import RECIPES

from .dockerfiles import FOLDER, ROOT, all_files, kind_of

BUILD = FOLDER / "build"
# Writes down what it was asked; `info` and the rest end as the variables say.
ENGINE = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    print(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]), file=calls)
if sys.argv[1] == "info" and os.path.basename(sys.argv[0]) in os.environ.get("BROKEN", "").split():
    print("cannot connect to the service", file=sys.stderr)
    sys.exit(1)
if sys.argv[1] == "run":
    print("{{}}")
if sys.argv[1] == os.environ.get("FAILS"):
    sys.exit(3)
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs: no engine, but what the script itself needs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "env", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def add(machine: Path, *engines: str) -> None:
    for name in engines:
        program = machine / "bin" / name
        program.write_text(ENGINE.format(python=sys.executable))
        program.chmod(0o755)


def build(machine: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "CALLS": str(machine / "calls"), **variables}
    command = [sys.executable, str(BUILD), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=machine)


def calls(machine: Path) -> list[list[str]]:
    """What the engines were asked, but for whether they work."""
    file = machine / "calls"
    found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [call for call in found if call[1] != "info"]


def test_where_no_engine_is_it_says_so_in_one_sentence(machine: Path) -> None:
    done = build(machine)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("docker/build: nothing here builds images (docker is not installed; ")
    assert done.stderr.count("\n") == 1 and "install podman" in done.stderr


@pytest.mark.parametrize(
    ("there", "broken", "taken"),
    [
        (("docker", "podman", "buildah"), "", "docker"),
        (("docker", "podman", "buildah"), "docker", "podman"),
        (("docker", "buildah"), "docker", "buildah"),
        (("buildah",), "", "buildah"),
    ],
)
def test_the_first_engine_that_works_is_taken(machine: Path, there: tuple[str, ...], broken: str, taken: str) -> None:
    add(machine, *there)
    assert build(machine, "prover", BROKEN=broken).returncode == 0
    assert [call[0] for call in calls(machine)] == [taken]


def test_an_engine_that_is_asked_for_is_taken_or_none(machine: Path) -> None:
    add(machine, "docker", "podman")
    assert build(machine, "--engine", "podman", "prover").returncode == 0
    assert [call[0] for call in calls(machine)] == ["podman"]
    refused = build(machine, "--engine", "docker", "prover", BROKEN="docker")
    assert refused.returncode == 1 and "docker does not work (cannot connect to the service)" in refused.stderr


def test_what_an_engine_is_told(machine: Path) -> None:
    add(machine, "docker")
    words = ["--prefix", "registry.example/team/", "--tag", "1.2", "--build-arg", "BASE=debian@sha256:0"]
    assert build(machine, *words, "--push", "model-server-hf", "--", "--network", "host").returncode == 0
    made, pushed = calls(machine)
    reference = "registry.example/team/model-server:1.2-hf"
    assert made[:6] == ["docker", "build", "--file", "docker/model-server.Dockerfile", "--tag", reference]
    assert made[-3:] == ["--network", "host", "."]
    given = [made[at + 1] for at, word in enumerate(made) if word == "--build-arg"]
    assert {"HF=1", "BASE=debian@sha256:0", "VERSION=0.1.0"} <= set(given)
    assert pushed == ["docker", "push", reference]


def test_health_checks_are_kept_where_the_format_is_to_be_said(machine: Path) -> None:
    add(machine, "buildah")
    build(machine, "prover")
    assert calls(machine)[0][1:5] == ["build", "--format", "docker", "--layers"]


def test_by_default_all_without_torch_in_an_order_that_shares_layers(machine: Path) -> None:
    listed = build(machine, "--list").stdout.split()
    with_coq = [f"{kind}-{toolchain}" for toolchain in RECIPES for kind in ("coq-checker", "jobs")]
    assert listed == [*with_coq, "retriever", "prover", "model-server"]
    every = build(machine, "all", "--list").stdout.split()
    assert every == [*listed, "model-server-hf", "trainer"]
    assert {kind_of(name).removesuffix("-hf") for name in every} == set(all_files())


def test_a_toolchain_each(machine: Path) -> None:
    add(machine, "docker")
    assert build(machine, "prover", "coq-checker").returncode == 0
    made = [call for call in calls(machine) if "docker/coq-checker.Dockerfile" in call]
    for call, toolchain in zip(made, RECIPES, strict=True):
        assert f"palmetto/coq-checker-{toolchain}:0.1.0" in call and f"TOOLCHAIN={toolchain}" in call
    assert build(machine, "jobs-rocq-9.2", "--list").stdout.split() == ["jobs-rocq-9.2"]


def test_another_version_is_built_when_it_is_named(machine: Path) -> None:
    add(machine, "docker")
    assert build(machine, "coq-checker-opam", "--tag", "1-8.12", "--build-arg", "COQ_VERSION=8.12.2").returncode == 0
    (made,) = calls(machine)
    assert {"palmetto/coq-checker-opam:1-8.12", "TOOLCHAIN=path", "COQ_VERSION=8.12.2"} <= set(made)


def test_print_runs_nothing(machine: Path) -> None:
    done = build(machine, "--print", "--sbom", "out", "retriever")
    assert done.returncode == 0 and calls(machine) == []
    made, listed = done.stdout.splitlines()
    assert made.startswith("docker build --file docker/retriever.Dockerfile --tag palmetto/retriever:0.1.0 ")
    assert listed.endswith("< docker/sbom.py > out/retriever.cdx.json")


def test_contents_are_listed_beside(machine: Path) -> None:
    add(machine, "podman")
    assert build(machine, "--sbom", str(machine / "out"), "prover").returncode == 0
    asked = calls(machine)[1]
    assert asked[:2] == ["podman", "run"] and {"--read-only", "--network"} <= set(asked)
    assert (machine / "out" / "prover.cdx.json").read_text() == "{}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such"], "there is no image 'no-such': give one of coq-checker, jobs"),
        (["--tag", "latest"], "'latest' is no tag to give"),
        (["--tag", "a b"], "'a b' is no tag to give"),
    ],
)
def test_what_cannot_be_is_one_sentence(machine: Path, words: list[str], said: str) -> None:
    add(machine, "docker")
    done = build(machine, *words)
    assert done.returncode == 1 and calls(machine) == []
    assert said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("fails", ["build", "push"])
def test_a_failure_ends_it(machine: Path, fails: str) -> None:
    add(machine, "docker")
    done = build(machine, "--push", "retriever", "prover", FAILS=fails)
    assert done.returncode == 1
    assert f"`docker {fails}` ended with status 3" in done.stderr
    assert calls(machine)[-1][1] == fails and "prover" not in json.dumps(calls(machine))


def test_no_password_of_the_repositorys_address_gets_into_an_image(machine: Path) -> None:
    checkout = machine / "checkout"
    (checkout / "docker").mkdir(parents=True)
    for name in ("docker/build", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout / name)
    add(machine, "docker")
    for words in (["init", "-q"], ["remote", "add", "origin", "https://me:s3cret@git.example:8443/p/palmetto.git"]):
        subprocess.run(["git", *words], cwd=checkout, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    command = [sys.executable, str(checkout / "docker" / "build"), "prover"]
    environment = {"PATH": str(machine / "bin"), "CALLS": str(machine / "calls")}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    told = json.dumps(calls(machine))
    assert "SOURCE=https://git.example:8443/p/palmetto.git" in told and "s3cret" not in told
