"""Asking GitHub: one request at a time, within its limits, with what is known already left unsent."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from crawler.github.errors import Blocked, GitHubError, Gone, Refused, Unanswered
from crawler.github.limits import used_up, wait_after
from crawler.settings import CrawlerSettings

_REDIRECTS = 5
_CHUNK = 1 << 16

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was kept: its ETag, its body, and its `Link` header."""

    etag: str
    body: bytes
    link: str


class Cache(Protocol):
    """Where answers are kept between runs, by address."""

    def kept(self, url: str) -> Kept | None:
        """The answer that was kept last."""

    def keep(self, url: str, answer: Kept) -> None:
        """Keeps an answer instead of the one before."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said: JSON, and the address of the next page; empty on the last one."""

    value: Any
    next_url: str


class GitHub:
    """A client of GitHub's API. Requests go one after the other, as GitHub asks for."""

    def __init__(
        self,
        settings: CrawlerSettings,
        cache: Cache,
        say: Say,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Opens nothing yet.

        Args:
            settings: address, token, tries.
            cache: keeps answers with their ETags.
            say: told in a few words what is waited for.
            sleep: waits that many seconds.

        Raises:
            GitHubError: the address is none.
        """
        self._settings, self._cache, self._say, self._sleep = settings, cache, say, sleep
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "palmetto-crawler",
        }
        if token := settings.token.get_secret_value().strip():
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._base = httpx2.URL(settings.api_url.rstrip("/") + "/")
            if self._base.scheme not in ("http", "https") or not self._base.host:
                raise httpx2.InvalidURL("no http address")
            self._http = httpx2.AsyncClient(headers=headers, timeout=settings.request_timeout_s, follow_redirects=False)
        except (httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise GitHubError(
                f"GitHub cannot be asked ({error}): set PALMETTO_CRAWLER_API_URL to an address such as "
                "https://api.github.com, and the token to plain text."
            ) from None
        self._turn = asyncio.Lock()
        self._not_before: dict[str, float] = {}
        self.requests = 0
        self.unchanged = 0

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Asks for something, and again as often as that helps.

        Args:
            path: from the API's root, or a whole address that GitHub gave for a next page.
            parameters: of the query.

        Raises:
            Gone: there is nothing there (404, 410).
            Blocked: it is not given out (451, or 403 without a rate limit).
            Refused: the query is not answered (422).
            GitHubError: it cannot be asked at all.
        """
        url = self._base.join(path) if "://" in path else self._base.join(path.lstrip("/"))
        if parameters:
            url = url.copy_merge_params(dict(parameters))
        for _ in range(_REDIRECTS + 1):
            self._require_ours(url)
            async with self._turn:
                status, headers, body, link = await self._send(url)
            if status in (301, 302, 307, 308) and headers.get("location"):
                url = url.join(headers["location"])
                continue
            return Answer(self._judged(url, status, body), _next(link))
        raise GitHubError(f"GitHub sends {url.path} from one address to the next without end: try again later.")

    def _require_ours(self, url: httpx2.URL) -> None:
        """The token goes to nobody else, and what is asked comes from nobody else."""
        ours = (self._base.scheme, self._base.host, self._base.port)
        if (url.scheme, url.host, url.port) != ours:
            raise Blocked(f"GitHub sends on to another server ({url.host})")

    async def _send(self, url: httpx2.URL) -> tuple[int, Mapping[str, str], bytes, str]:
        """One answer that counts: limits are waited for, faults on the way are tried again."""
        kind = "search" if "/search/" in url.path else "core"
        kept = self._cache.kept(str(url))
        limited = failed = 0
        while True:
            await self._wait(kind, self._not_before.pop(kind, 0.0) - time.monotonic())
            problem = ""
            try:
                status, headers, body = await self._once(url, kept)
            except (httpx2.HTTPError, httpx2.StreamError) as error:
                problem, status, headers, body = f"{type(error).__name__}: {error}", 0, httpx2.Headers(), b""
            except OverflowError as error:
                raise Blocked(str(error)) from None
            if status in (401, 407):
                raise GitHubError(
                    "GitHub refuses the token (401): set GITHUB_TOKEN or PALMETTO_CRAWLER_TOKEN to a valid one."
                )
            wait = wait_after(status, headers, body, limited)
            if wait is not None:
                limited += 1
                if wait > self._settings.max_wait_s:
                    raise GitHubError(
                        f"GitHub wants {wait:.0f} s of silence, more than PALMETTO_CRAWLER_MAX_WAIT_S allows: "
                        "start the same crawl later, it goes on where it is."
                    )
                await self._wait(kind, wait)
                continue
            if not problem and status == 200 and not _is_json(body):
                problem = "the answer is no JSON"
            if problem or status >= 500:
                failed += 1
                if failed >= self._settings.request_attempts:
                    raise Unanswered(
                        f"GitHub does not answer at {url.host} ({problem or f'status {status}'}, {failed} tries): "
                        "see that it can be reached, then start the same crawl again, it goes on where it is."
                    )
                await self._sleep(self._settings.retry_pause_s * 2 ** (failed - 1))
                continue
            pause = used_up(headers)
            if pause is not None:
                self._not_before[kind] = time.monotonic() + pause
            link = headers.get("link", "")
            if status == 304 and kept is not None:
                self.unchanged += 1
                return 200, headers, kept.body, kept.link
            if status == 200 and (etag := headers.get("etag", "")):
                self._cache.keep(str(url), Kept(etag, body, link))
            return status, headers, body, link

    async def _wait(self, kind: str, wait_s: float) -> None:
        if wait_s <= 0:
            return
        if wait_s >= 2:
            self._say(f"waiting {wait_s:.0f} s for GitHub's rate limit ({kind})")
        await self._sleep(wait_s)

    async def _once(self, url: httpx2.URL, kept: Kept | None) -> tuple[int, httpx2.Headers, bytes]:
        self.requests += 1
        headers = {"If-None-Match": kept.etag} if kept is not None else {}
        async with self._http.stream("GET", url, headers=headers) as response:
            parts, size = [], 0
            async for chunk in response.aiter_bytes(_CHUNK):
                size += len(chunk)
                if size > self._settings.max_answer_bytes:
                    raise OverflowError(f"the answer is larger than {self._settings.max_answer_bytes} bytes")
                parts.append(chunk)
            return response.status_code, response.headers, b"".join(parts)

    def _judged(self, url: httpx2.URL, status: int, body: bytes) -> Any:
        if status == 200:
            return json.loads(body)
        said = _message(body)
        if status in (404, 410):
            raise Gone(said or "not found")
        if status in (403, 451):
            raise Blocked(said or f"status {status}")
        if status == 422:
            raise Refused(said or "not processable")
        raise GitHubError(
            f"GitHub answers {url.path} with status {status} ({said or 'no message'}): "
            "see that PALMETTO_CRAWLER_API_URL is the address of its API."
        )


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _message(body: bytes) -> str:
    try:
        return " ".join(str(json.loads(body)["message"]).split())[:300]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _next(link: str) -> str:
    """The address after the one that was asked, of a `Link` header."""
    for part in link.split(","):
        address, _, rest = part.strip().partition(">")
        if 'rel="next"' in rest.replace(" ", "") and address.startswith("<"):
            return address[1:]
    return ""
