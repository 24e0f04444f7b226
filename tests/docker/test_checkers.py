"""A checker of each toolchain, as containers: one client of both has each question judged where it belongs."""

import contextlib
from collections.abc import Iterator

import pytest

from coq_checker.client import (
    EnvironmentFailedError,
    FreeStatement,
    Options,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)

from . import machine
from .conftest import Images
from .containers import Container, container

pytestmark = [pytest.mark.images, pytest.mark.timeout(1200)]
EIGHT, NINE = "coq-8.20", "rocq-9.2"
PROJECTS = {
    "eight": ("From Coq Require Import Lia.\n", f'[palmetto]\ntoolchain = "{EIGHT}"\n'),
    "nine": ("From Stdlib Require Import Lia.\n", ""),
    "either": ("Require Import Lia.\n", ""),
}
THEOREM = "Lemma a (n : nat) : n <= n + 1.\nProof. lia. Qed.\n"


@pytest.fixture(scope="module")
def checkers(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Container]]:
    """Both, with the same projects."""
    folder = tmp_path_factory.mktemp("projects")
    for place in (folder, *list(folder.parents)[:2]):
        place.chmod(0o755)
    for name, (requires, setting) in PROJECTS.items():
        (folder / name).mkdir()
        (folder / name / "_CoqProject").write_text("-Q . Mine\n")
        (folder / name / "A.v").write_text(requires + THEOREM)
        if setting:
            (folder / name / "palmetto.toml").write_text(setting)
    with contextlib.ExitStack() as ending:
        found = {}
        for toolchain in (EIGHT, NINE):
            name = f"palmetto-{toolchain}"
            machine.run("podman", "volume", "rm", "--force", name, check=False)
            ending.callback(machine.run, "podman", "volume", "rm", "--force", name, check=False)
            options = ["--volume", f"{folder}:/projects:ro", "--volume", f"{name}:/var/lib/palmetto/cache"]
            options += ["--env", "PALMETTO_CHECKER_PROJECTS=/projects/*", "--env", "PALMETTO_CHECKER_SLOTS=1"]
            found[toolchain] = ending.enter_context(container(name, images[f"coq-checker-{toolchain}"], *options))
        for one in found.values():
            one.wait_healthy()
        yield found


@pytest.fixture(scope="module")
def client(checkers: dict[str, Container]) -> Iterator[SyncCheckerClient]:
    with SyncCheckerClient(" ".join(f"{checkers[name].address()}:50051" for name in (NINE, EIGHT))) as found:
        yield found


@pytest.mark.parametrize("toolchain", [EIGHT, NINE])
def test_it_checks(client: SyncCheckerClient, toolchain: str) -> None:
    context = "From Hammer Require Import Hammer. Require Import Lia."
    lemma = FreeStatement("Lemma t (n m : nat) : n + m = m + n.", context=context, toolchain=toolchain)
    for proof, options in (("lia.", Options()), ("hammer.", Options()), ("lia.", Options(recheck=True))):
        result = client.check_proof(lemma, proof, options=options)
        assert result.proved and result.toolchain == toolchain
    assert client.check_proof(lemma, "reflexivity.").verdict is Verdict.FAILED
    looping = client.check_proof(lemma, "do 1000000000 (try fail).", options=Options(cpu_ms=300))
    assert looping.verdict is Verdict.TIMEOUT


def test_projects_are_checked_with_theirs(client: SyncCheckerClient) -> None:
    for project, toolchain in (("eight", EIGHT), ("nine", NINE), ("either", NINE)):
        result = client.check_proof(TheoremRef(project, "a"), "lia.")
        assert result.proved and result.toolchain == toolchain
        (checked,) = client.check_file(project=project, file="A.v")
        assert checked.result.proved and checked.result.toolchain == toolchain


def test_what_they_have(client: SyncCheckerClient, checkers: dict[str, Container]) -> None:
    ready = {one.name: one.engines[0] for one in client.toolchains() if one.state == "ready"}
    assert ready.items() >= {EIGHT: "native", NINE: "native"}.items()
    for own, other in ((EIGHT, NINE), (NINE, EIGHT)):
        with SyncCheckerClient(f"{checkers[own].address()}:50051") as one:
            assert [each.name for each in one.toolchains() if each.is_default] == [own]
            with pytest.raises(
                EnvironmentFailedError, match=rf"{other} is not here: .* image, or a service, of {other}"
            ):
                one.check_proof(FreeStatement("Lemma t : True.", toolchain=other), "exact I.")


def test_no_compiler_was_waited_for(checkers: dict[str, Container]) -> None:
    """The engine is the image's own: nothing was compiled at the start, and it is not the slow one."""
    for one in checkers.values():
        listed = one.execute("sh", "-c", "ls /var/lib/palmetto/cache/plugins 2>/dev/null; ls /opt/coq-plugins").stdout
        assert len(listed.split()) == 1
        assert "engine serapi" not in one.logs()


def test_they_end_in_good_order(checkers: dict[str, Container]) -> None:
    """Last of the module."""
    assert [one.stop() for one in checkers.values()] == [0, 0]
