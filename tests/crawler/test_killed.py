"""A crawl that is killed between two steps: the next run finds what it left."""

import shutil
from pathlib import Path

import pytest

from crawler.model import Cause, Status
from crawler.store import Store

from .github import FakeGitHub
from .histories import lemma
from .test_crawl import Place


class Killed(BaseException):
    """What ends a run in these tests as a kill would: no handler of ours catches it."""


def killed(*_: object) -> None:
    raise Killed


@pytest.fixture
def place(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path / "cache"))
    return Place(github, tmp_path)


async def test_killed_before_what_is_here_is_written_down(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.repository("o/one", {"2023-05-05": {"A.v": lemma("a", "1 = 1")}})
    with monkeypatch.context() as patch:
        patch.setattr(Store, "set_fetched", killed)
        with pytest.raises(Killed):
            await place.crawl()
    assert [*(place.out / "git").iterdir()] != []
    found, _, whole = await place.crawl()
    assert whole and found["o/one"].status is Status.UNBUILT
    assert [*(place.out / "git").iterdir()] == []


async def test_killed_before_a_copy_is_removed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("o/one", "o/other"):
        place.repository(name, {"2023-05-05": {"A.v": lemma("a", "1 = 1"), "B.v": lemma("b", "2 = 2")}})
    remove = shutil.rmtree

    def remove_or_die(path: Path, *, ignore_errors: bool = False) -> None:
        if path.parent.name == "git":
            raise Killed
        remove(path, ignore_errors=ignore_errors)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", remove_or_die)
        with pytest.raises(Killed):
            await place.crawl()
    assert len([*(place.out / "git").iterdir()]) == 2
    found, _, whole = await place.crawl()
    assert whole and {one.cause for one in found.values()} == {None, Cause.COPY}
    assert [*(place.out / "git").iterdir()] == []
