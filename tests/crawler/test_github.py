"""The client of GitHub's API: limits, pages, ETags, faults, and nobody else's server."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.discover import Wish, discover
from crawler.github import Blocked, GitHub, GitHubError, Gone, Refused, Unanswered
from crawler.github.limits import wait_after
from crawler.model import Split, moment_of
from crawler.settings import CrawlerSettings
from crawler.store import Store

from .conftest import settings_for
from .github import FakeGitHub, Fault, fake_github, message

TRAIN = Wish(Split.TRAIN, moment_of("2024-01-01"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "crawl.sqlite")
    yield opened
    opened.close()


async def ask(github: FakeGitHub, store: Store, path: str, **more: object) -> object:
    client = GitHub(settings_for(github, **more), store, lambda _: None)
    try:
        return (await client.get(path)).value
    finally:
        await client.close()


async def test_a_repository_is_described(github: FakeGitHub, store: Store) -> None:
    github.add("a/b")
    found = await ask(github, store, "repos/a/b")
    assert isinstance(found, dict) and found["full_name"] == "a/b"
    assert github.asked[0].headers["authorization"] == "Bearer secret-of-a-test"


async def test_without_a_token_none_is_sent(github: FakeGitHub, store: Store) -> None:
    github.add("a/b")
    await ask(github, store, "repos/a/b", token="")
    assert "authorization" not in github.asked[0].headers


def test_the_token_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "one")
    assert CrawlerSettings().token.get_secret_value() == "one"
    monkeypatch.setenv("PALMETTO_CRAWLER_TOKEN", "two")
    settings = CrawlerSettings()
    assert settings.token.get_secret_value() == "two"
    assert "two" not in repr(settings)


async def test_an_etag_saves_the_second_answer(github: FakeGitHub, store: Store) -> None:
    github.add("a/b")
    first = await ask(github, store, "repos/a/b")
    second = await ask(github, store, "repos/a/b")
    assert first == second
    assert [one.status for one in github.asked] == [200, 304]
    github.repositories[0]["stargazers_count"] = 11
    third = await ask(github, store, "repos/a/b")
    assert isinstance(third, dict) and third["stargazers_count"] == 11


async def test_a_renamed_repository_is_followed(github: FakeGitHub, store: Store) -> None:
    github.add("new/name")
    github.moved["old/name"] = "new/name"
    found = await ask(github, store, "repos/old/name")
    assert isinstance(found, dict) and found["full_name"] == "new/name"


async def test_nobody_else_gets_the_token(github: FakeGitHub, store: Store) -> None:
    with fake_github() as other:
        other.add("a/b")
        github.answers["/repos/a/b"] = Fault(301, {"Location": f"{other.url}/repos/a/b"}, b"{}")
        with pytest.raises(Blocked, match="another server"):
            await ask(github, store, "repos/a/b")
        assert other.asked == []


async def test_redirects_without_end_are_an_error(github: FakeGitHub, store: Store) -> None:
    github.answers["/repos/a/b"] = Fault(301, {"Location": f"{github.url}/repos/a/b"}, b"{}")
    with pytest.raises(GitHubError, match="without end"):
        await ask(github, store, "repos/a/b")


@pytest.mark.parametrize(
    ("status", "error"), [(404, Gone), (410, Gone), (451, Blocked), (403, Blocked), (422, Refused), (401, GitHubError)]
)
async def test_what_is_not_given_is_told_apart(
    github: FakeGitHub, store: Store, status: int, error: type[Exception]
) -> None:
    github.answers["/repos/a/b"] = message(status, "Repository access")
    with pytest.raises(error):
        await ask(github, store, "repos/a/b")
    assert len(github.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(502, {}, b"<html>"),
        Fault(drop=True),
        Fault(200, {}, b'{"full_name": "a/b"}', cut=True),
        Fault(200, {}, b"{broken"),
        Fault(200, {}, b"[" * 100_000),
        Fault(200, {"Content-Encoding": "gzip"}, b"no gzip"),
    ],
    ids=["5xx", "dropped", "cut", "broken JSON", "deep JSON", "broken gzip"],
)
async def test_a_fault_on_the_way_is_tried_again(github: FakeGitHub, store: Store, fault: Fault) -> None:
    github.add("a/b")
    github.faults = [fault, fault]
    found = await ask(github, store, "repos/a/b")
    assert isinstance(found, dict) and found["full_name"] == "a/b"
    assert len(github.asked) == 3


async def test_a_fault_that_stays_is_one_sentence(github: FakeGitHub, store: Store) -> None:
    github.answers["/repos/a/b"] = Fault(500)
    with pytest.raises(Unanswered, match=r"^GitHub does not answer at 127\.0\.0\.1 \(status 500, 4 tries\): .*\.$"):
        await ask(github, store, "repos/a/b", request_attempts=4)
    assert len(github.asked) == 4


async def test_a_server_that_is_not_there_is_one_sentence(store: Store) -> None:
    with fake_github() as gone:
        pass
    with pytest.raises(Unanswered, match="see that it can be reached"):
        await ask(gone, store, "repos/a/b", request_attempts=2)


@pytest.mark.parametrize("address", ["", "ftp://x", "http://", "no address"])
def test_an_address_that_is_none_is_one_sentence(github: FakeGitHub, store: Store, address: str) -> None:
    with pytest.raises(GitHubError, match="PALMETTO_CRAWLER_API_URL"):
        GitHub(settings_for(github, api_url=address), store, lambda _: None)


async def test_an_answer_without_end_is_given_up(github: FakeGitHub, store: Store) -> None:
    github.answers["/repos/a/b"] = Fault(200, {}, json.dumps({"x": "y" * 5000}).encode())
    with pytest.raises(Blocked, match="larger than 2048 bytes"):
        await ask(github, store, "repos/a/b", max_answer_bytes=2048)


async def test_a_secondary_limit_is_waited_for(github: FakeGitHub, store: Store) -> None:
    github.add("a/b")
    limit = message(403, "You have exceeded a secondary rate limit.", retry_after="1")
    github.faults = [Fault(limit.status, limit.headers, limit.body, limit_s=1.0)]
    said: list[str] = []
    client = GitHub(settings_for(github), store, said.append)
    both = await asyncio.gather(client.get("repos/a/b"), client.get("repos/a/b"))
    await client.close()
    assert len(both) == 2
    assert github.too_early == 0
    assert [one.status for one in github.asked] == [403, 200, 304]


async def test_the_primary_limit_is_waited_for(github: FakeGitHub, store: Store) -> None:
    for number in range(250):
        github.add(f"a/b{number}")
    github.allowed = 2
    client = GitHub(settings_for(github), store, lambda _: None)
    assert await discover(client, store, TRAIN, ("coq",), lambda _: None) == 0
    await client.close()
    assert len(store.repositories()) == 250
    assert len(github.asked) == 3
    assert github.too_early == 0


async def test_too_long_a_wait_ends_the_run(github: FakeGitHub, store: Store) -> None:
    github.faults = [message(429, "rate limit", retry_after="90000")]
    with pytest.raises(GitHubError, match=r"90000 s of silence.*start the same crawl later"):
        await ask(github, store, "repos/a/b")


def test_which_answers_are_limits() -> None:
    assert wait_after(403, {"retry-after": "7"}, b"", 0) == pytest.approx(7.1)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000010", "date": "Tue, 14 Nov 2023 22:13:20 GMT"}
    assert wait_after(429, headers, b"", 0) == pytest.approx(11.0)
    assert wait_after(403, {}, b'{"message": "You have exceeded a secondary rate limit"}', 1) == pytest.approx(120.0)
    assert wait_after(403, {"x-ratelimit-remaining": "10"}, b'{"message": "Repository access blocked"}', 0) is None
    assert wait_after(500, {"retry-after": "7"}, b"", 0) is None


async def searched(github: FakeGitHub, store: Store, wish: Wish = TRAIN, **more: object) -> int:
    client = GitHub(settings_for(github, **more), store, lambda _: None)
    try:
        return await discover(client, store, wish, ("coq",), lambda _: None)
    finally:
        await client.close()


def many(github: FakeGitHub, count: int) -> None:
    for number in range(count):
        month, day, second = 1 + number % 12, 1 + number % 28, number % 60
        github.add(f"a/b{number}", created_at=f"20{10 + number % 13}-{month:02}-{day:02}T10:00:{second:02}Z")


async def test_more_than_a_search_shows_is_found(github: FakeGitHub, store: Store) -> None:
    many(github, 2500)
    assert await searched(github, store) == 0
    assert {one.name for one in store.repositories()} == {f"a/b{number}" for number in range(2500)}
    assert all(one.status == 200 for one in github.asked)
    assert store.slice_notes() == []


async def test_what_one_second_holds_too_much_of_is_told(github: FakeGitHub, store: Store) -> None:
    for number in range(1100):
        github.add(f"a/b{number}")
    assert await searched(github, store) == 0
    assert len(store.repositories()) == 1000
    (note,) = store.slice_notes()
    assert "more than 1000 in one second" in note


async def test_the_date_and_the_stars_are_asked_for(github: FakeGitHub, store: Store) -> None:
    github.add("late/one", created_at="2024-01-01T00:00:00Z")
    github.add("just/before", created_at="2023-12-31T23:59:59Z")
    github.add("few/stars", stargazers_count=2)
    assert await searched(github, store, Wish(Split.TRAIN, moment_of("2024-01-01"), min_stars=3)) == 0
    assert [one.name for one in store.repositories()] == ["just/before"]


async def test_for_testing_only_what_was_changed_since(github: FakeGitHub, store: Store) -> None:
    github.add("old/one", pushed_at="2023-05-05T00:00:00Z")
    github.add("changed/one", pushed_at="2024-05-05T00:00:00Z")
    github.add("new/one", created_at="2024-06-05T00:00:00Z")
    assert await searched(github, store, Wish(Split.TEST, moment_of("2024-01-01"))) == 0
    assert {one.name for one in store.repositories()} == {"changed/one", "new/one"}


async def test_a_search_goes_on_where_it_was(github: FakeGitHub, store: Store) -> None:
    many(github, 1500)
    github.faults = [*[None] * 8, *[Fault(500)] * 2]
    assert await searched(github, store, request_attempts=2) == 1
    before = {one.name for one in store.repositories()}
    assert len(before) < 1500
    asked = len(github.asked)
    assert await searched(github, store) == 0
    assert len(store.repositories()) == 1500
    assert len(github.asked) < 2 * asked


async def test_an_incomplete_search_is_asked_again_in_parts(github: FakeGitHub, store: Store) -> None:
    many(github, 30)
    github.incomplete = 1
    assert await searched(github, store) == 0
    assert len(store.repositories()) == 30
    assert store.slice_notes() == []


async def test_a_broken_entry_costs_that_entry(github: FakeGitHub, store: Store) -> None:
    github.add("a/b")
    for broken in ({"id": "x"}, {"full_name": "no slash"}, {"full_name": "../../etc"}, {"clone_url": None}):
        github.add("c/d", **broken)
    assert await searched(github, store) == 0
    assert [one.name for one in store.repositories()] == ["a/b"]
    (note,) = store.slice_notes()
    assert "not the description of a repository" in note


async def test_a_search_that_github_refuses_is_one_sentence(github: FakeGitHub, store: Store) -> None:
    client = GitHub(settings_for(github), store, lambda _: None)
    with pytest.raises(GitHubError, match="PALMETTO_CRAWLER_LANGUAGES"):
        await discover(client, store, TRAIN, ("agda",), lambda _: None)
    await client.close()


async def test_a_next_page_elsewhere_is_not_followed(github: FakeGitHub, store: Store) -> None:
    with fake_github() as other:
        body = json.dumps({"total_count": 200, "incomplete_results": False, "items": []}).encode()
        link = f'<{other.url}/search/repositories?page=2>; rel="next"'
        github.answers["/search/repositories"] = Fault(200, {"Link": link}, body)
        with pytest.raises(GitHubError, match="another server"):
            await searched(github, store)
        assert other.asked == []
