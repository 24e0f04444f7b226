"""A client of checkers at several addresses, with toolchains of their own: what goes where, and what is said of it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from coq_checker.client import (
    CheckerClient,
    CheckItem,
    EnvironmentFailedError,
    FreeStatement,
    InvalidRequestError,
    NotFoundError,
    Reason,
    TheoremRef,
    UnreachableError,
    Verdict,
)
from coq_checker.client import router as router_module

from .machines import EIGHT, NINE, Alone, alone
from .servers import ServerProcess
from .test_several_checkers import judged

__all__ = ["alone"]

EASY = "Lemma t : 1 + 1 = 2."
A = "Lemma a : 1 = 1.\nProof. trivial. Qed.\n"
FILES = {
    "eight": {"palmetto.toml": f'[palmetto]\ntoolchain = "{EIGHT}"\n', "A.v": A},
    "nine": {"palmetto.toml": f'[palmetto]\ntoolchain = "{NINE}"\n', "A.v": A},
    "either": {"A.v": A},
    "neither": {"palmetto.toml": '[palmetto]\ntoolchain = "path"\n', "A.v": A},
}


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("projects")
    for name, files in FILES.items():
        (root / name).mkdir()
        (root / name / "_CoqProject").write_text('-Q . ""\n')
        for file, text in files.items():
            (root / name / file).write_text(text)
    return [f"{name}={root / name}" for name in FILES]


@pytest.fixture(scope="module")
def servers(alone: dict[str, Alone], projects: list[str]) -> Iterator[dict[str, ServerProcess]]:
    """One with Coq 8.20 and one with Rocq 9.2, both with all projects."""
    found = {name: one.start(*projects) for name, one in alone.items()}
    yield found
    for one in found.values():
        assert one.stop() == 0
        assert one.events("internal fault") == [] and one.raw == []


def addresses(servers: dict[str, ServerProcess], *names: str) -> str:
    return " ".join(servers[name].address for name in names)


@pytest_asyncio.fixture(params=[(NINE, EIGHT), (EIGHT, NINE)], ids=lambda order: f"{order[0]} first")
async def client(
    request: pytest.FixtureRequest, servers: dict[str, ServerProcess]
) -> AsyncIterator[tuple[CheckerClient, str]]:
    """A client of both, and the toolchain of the first address."""
    async with CheckerClient(addresses(servers, *request.param)) as found:
        await found.wait_until_ready()
        yield found, request.param[0]


Both = tuple[CheckerClient, str]


async def test_what_names_a_toolchain(client: Both) -> None:
    both, _ = client
    for name in (EIGHT, NINE):
        assert (await both.check_proof(FreeStatement(EASY, toolchain=name), "reflexivity.")).toolchain == name
        for project in FILES:
            one = TheoremRef(project, "a", toolchain=name)
            assert (await both.check_proof(one, "trivial.")).toolchain == name
        (checked,) = [one async for one in both.check_file(text=A, toolchain=name)]
        assert checked.result.proved and checked.result.toolchain == name
        (traced,) = [one async for one in both.trace_file(project="either", file="A.v", toolchain=name)]
        assert traced.toolchain == name
        async with await both.session(toolchain=name) as session:
            assert session.start.toolchain == name
        async with await both.session(FreeStatement(EASY, toolchain=name)) as session:
            assert session.start.toolchain == name


async def test_what_is_of_a_project(client: Both) -> None:
    both, first = client
    for project, wanted in (("eight", EIGHT), ("nine", NINE), ("either", first)):
        assert (await both.check_proof(TheoremRef(project, "a"), "trivial.")).toolchain == wanted
        for text in (None, A):
            file = "A.v" if text is None else ""
            (checked,) = [one async for one in both.check_file(project=project, file=file, text=text)]
            assert checked.result.proved and checked.result.toolchain == wanted
        (traced,) = [one async for one in both.trace_file(project=project, file="A.v")]
        assert traced.toolchain == wanted
        async with await both.session(TheoremRef(project, "a")) as session:
            assert session.start.toolchain == wanted
        assert [one.name async for one in both.theorems(project)] == ["a"]
        assert (await both.theorem(TheoremRef(project, "a"))).name == "a"


async def test_what_names_neither_is_the_firsts(client: Both) -> None:
    both, first = client
    assert (await both.check_proof(FreeStatement(EASY), "reflexivity.")).toolchain == first
    assert (await both.check_proof(TheoremRef("eight", "a", toolchain="auto"), "trivial.")).toolchain == first


async def test_a_stream_of_both(client: Both) -> None:
    both, first = client
    items = [
        *(CheckItem(f"{project}-{n}", TheoremRef(project, "a"), "trivial.") for n in range(5) for project in FILES),
        CheckItem("unknown", FreeStatement(EASY, toolchain="coq-7.4"), "reflexivity."),
        CheckItem("no text", FreeStatement(EASY, toolchain=EIGHT), "\udc80"),
        CheckItem("failing", FreeStatement(EASY, toolchain=NINE), "exact I."),
    ]
    answers = dict([answer async for answer in both.check_proofs(items)])
    assert set(answers) == {item.id for item in items}
    for number in range(5):
        for project, wanted in (("eight", EIGHT), ("nine", NINE), ("either", first)):
            assert answers[f"{project}-{number}"].proved and answers[f"{project}-{number}"].toolchain == wanted
        assert answers[f"neither-{number}"].reason is Reason.ENVIRONMENT
    assert answers["unknown"].reason is answers["no text"].reason is Reason.INVALID_REQUEST
    assert f"they have: {EIGHT}, {NINE} " in answers["unknown"].message
    assert answers["failing"].verdict is Verdict.FAILED and answers["failing"].toolchain == NINE


async def test_a_stream_that_is_left_or_breaks(client: Both) -> None:
    both, _ = client

    async def endless() -> AsyncIterator[CheckItem]:
        number = 0
        while True:
            number += 1
            yield CheckItem(str(number), FreeStatement(EASY, toolchain=(EIGHT, NINE)[number % 2]), "reflexivity.")

    async def broken() -> AsyncIterator[CheckItem]:
        yield CheckItem("1", FreeStatement(EASY, toolchain=EIGHT), "reflexivity.")
        raise ZeroDivisionError

    async for _, result in both.check_proofs(endless()):
        assert result.proved
        break
    with pytest.raises(ZeroDivisionError):
        async for _ in both.check_proofs(broken()):
            pass
    assert (await both.check_proof(FreeStatement(EASY), "reflexivity.")).proved


async def test_a_name_that_none_has(client: Both) -> None:
    both, _ = client
    with pytest.raises(InvalidRequestError, match=rf"there is no toolchain 'coq-7\.4' .* they have: {EIGHT}, {NINE} "):
        await both.check_proof(FreeStatement(EASY, toolchain="coq-7.4"), "reflexivity.")
    with pytest.raises(NotFoundError, match="there is no project 'nothing'"):
        await both.check_proof(TheoremRef("nothing", "a"), "trivial.")
    with pytest.raises(EnvironmentFailedError, match="needs the toolchain path, since its palmetto"):
        await both.check_proof(TheoremRef("neither", "a"), "trivial.")


async def test_what_there_is(client: Both) -> None:
    both, first = client
    found = {one.name: one for one in await both.toolchains()}
    assert {name for name, one in found.items() if one.state == "ready"} == {EIGHT, NINE}
    assert [name for name, one in found.items() if one.is_default] == [first]
    needed = {one.name: one.toolchain for one in await both.projects()}
    assert needed == {"eight": EIGHT, "nine": NINE, "either": first, "neither": "path"}


async def test_one_that_cannot_be_reached(servers: dict[str, ServerProcess]) -> None:
    nowhere = f"127.0.0.1:{_free_port()}"
    eight = servers[EIGHT].address
    async with CheckerClient(f"{nowhere} {eight}") as client:
        await client.wait_until_ready()
        # What surely belongs to the other goes on.
        assert (await client.check_proof(FreeStatement(EASY, toolchain=EIGHT), "reflexivity.")).proved
        with pytest.raises(UnreachableError, match=f"has the toolchain 'rocq-9.2', since the checker at {nowhere} "):
            await client.check_proof(FreeStatement(EASY, toolchain=NINE), "reflexivity.")
        # It might be the one that the project is for: another verdict is not given in its place.
        with pytest.raises(UnreachableError, match=f"'either' .* since the checker at {nowhere} .*connection refused"):
            await client.check_proof(TheoremRef("either", "a"), "trivial.")
        with pytest.raises(UnreachableError, match=f"the checker at {nowhere} cannot be reached"):
            await client.check_proof(FreeStatement(EASY), "reflexivity.")
        items = [CheckItem(name, FreeStatement(EASY, toolchain=name), "reflexivity.") for name in (EIGHT, NINE)]
        answers = dict([answer async for answer in client.check_proofs(items)])
        assert answers[EIGHT].proved
        assert answers[NINE].verdict is Verdict.ERROR and answers[NINE].reason is Reason.UNAVAILABLE
        assert [one.name for one in await client.toolchains() if one.state == "ready"] == [EIGHT]
    async with CheckerClient(f"{eight} {nowhere}") as client:
        # The first has what it needs.
        for target in (TheoremRef("either", "a"), TheoremRef("eight", "a")):
            assert (await client.check_proof(target, "trivial.")).toolchain == EIGHT
    async with CheckerClient(f"{nowhere} 127.0.0.1:{_free_port()}") as client:
        for answer in (client.projects(), client.toolchains()):
            with pytest.raises(UnreachableError, match=nowhere):
                await answer
        with pytest.raises(TimeoutError):
            await client.wait_until_ready(0.5)


async def test_one_that_comes_later(alone: dict[str, Alone], servers: dict[str, ServerProcess]) -> None:
    address = f"127.0.0.1:{_free_port()}"
    async with CheckerClient(f"{servers[EIGHT].address} {address}") as client:
        with pytest.raises(UnreachableError):
            await client.check_proof(FreeStatement(EASY, toolchain=NINE), "reflexivity.")
        late = alone[NINE].start(listen=address)
        try:
            async with asyncio.timeout(30):
                while True:
                    try:
                        found = await client.check_proof(FreeStatement(EASY, toolchain=NINE), "reflexivity.")
                        break
                    except UnreachableError:
                        await asyncio.sleep(0.1)
            assert found.toolchain == NINE
        finally:
            late.stop()


async def test_a_toolchain_that_two_have(
    alone: dict[str, Alone], projects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is asked, and the second when that is gone."""
    pair = [alone[NINE].start(*projects), alone[NINE].start(*projects)]
    monkeypatch.setattr(router_module, "_TRUST_S", 0.0)
    try:
        async with CheckerClient(" ".join(one.address for one in pair)) as client:
            await client.wait_until_ready()
            assert len([one for one in await client.toolchains() if one.name == NINE]) == 1
            assert len(await client.projects()) == len(FILES)
            targets: list[FreeStatement | TheoremRef] = [
                FreeStatement(EASY, toolchain=NINE),
                TheoremRef("nine", "a"),
                TheoremRef("either", "a"),
            ]
            for target in targets:
                assert (await client.check_proof(target, "trivial.")).toolchain == NINE
            assert list(map(judged, pair)) == [len(targets), 0]
            pair[0].process.send_signal(signal.SIGKILL)
            pair[0].wait()
            answered = 0
            async with asyncio.timeout(30):
                while answered < len(targets):
                    try:
                        assert (await client.check_proof(targets[answered], "trivial.")).toolchain == NINE
                        answered += 1
                    except UnreachableError:
                        await asyncio.sleep(0.1)
            assert judged(pair[1]) == len(targets)
    finally:
        for one in pair:
            if one.process.poll() is None:
                assert one.stop() == 0


async def test_an_address_twice_is_one(servers: dict[str, ServerProcess]) -> None:
    address = servers[EIGHT].address
    async with CheckerClient(f" {address}  {address} ") as client:
        await client.wait_until_ready()
        assert (await client.check_proof(FreeStatement(EASY), "reflexivity.")).toolchain == EIGHT
        with pytest.raises(EnvironmentFailedError, match="has not been built"):
            await client.check_proof(FreeStatement(EASY, toolchain=NINE), "reflexivity.")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
