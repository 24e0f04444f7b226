"""A server that behaves like GitHub's API, as far as its documentation tells, with faults written down beforehand."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is answered instead.

    Attributes:
        status, headers, body: of the answer.
        drop: the connection is closed without a word.
        cut: the body is cut in the middle.
        limit_s: from now on and for so long every request is one too early; each is counted in `too_early`.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drop: bool = False
    cut: bool = False
    limit_s: float = 0.0


def message(status: int, text: str, **headers: str) -> Fault:
    """An answer with GitHub's form of a message."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status, named, json.dumps({"message": text}).encode())


@dataclass(slots=True)
class Asked:
    """A request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int = 0


@dataclass(slots=True)
class FakeGitHub:
    """The server.

    Attributes:
        url: its base address.
        repositories: what it has, as it describes them.
        moved: earlier names, with the names that they lead to.
        answers: for a path: what is answered instead of anything else, for ever.
        faults: what the next requests get, one after the other; None lets one pass.
        asked: the requests so far.
        too_early: requests within a time in which none was allowed.
        allowed: search requests that are allowed before the window ends; None: no limit.
        incomplete: searches that are told to be incomplete, so many times.
    """

    url: str = ""
    repositories: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Fault] = field(default_factory=dict)
    faults: list[Fault | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    too_early: int = 0
    allowed: int | None = None
    incomplete: int = 0
    window_s: int = 1
    _closed_until: float = 0.0
    _used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, clone_url: str = "", **more: Any) -> dict[str, Any]:
        """A repository, described as GitHub does."""
        number = 1000 + len(self.repositories)
        one = {
            "id": number,
            "full_name": name,
            "clone_url": clone_url,
            "html_url": f"https://github.invalid/{name}",
            "default_branch": "main",
            "stargazers_count": 10,
            "license": {"key": "mit", "spdx_id": "MIT"},
            "created_at": "2019-05-01T10:00:00Z",
            "pushed_at": "2026-01-01T00:00:00Z",
            "size": 100,
            "fork": False,
            "mirror_url": None,
            "archived": False,
            "language": "Rocq Prover",
            **more,
        }
        self.repositories.append(one)
        return one

    def paths(self) -> list[str]:
        """Paths of the requests so far."""
        return [one.path for one in self.asked]

    def answer(self, asked: Asked) -> Fault:
        """What a request gets."""
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                self.too_early += 1
                left = max(1, round(self._closed_until - now))
                return message(403, "You have exceeded a secondary rate limit.", retry_after=str(left))
            if self.faults and (fault := self.faults.pop(0)) is not None:
                if fault.limit_s:
                    self._closed_until = now + fault.limit_s
                return fault
            limit = self._limit(asked)
            if limit is not None and limit.status:
                return limit
            found = self.answers.get(asked.path) or self._found(asked)
            headers = {**(limit.headers if limit else {}), **found.headers}
        if found.status == 200:
            etag = f'W/"{sha256(found.body).hexdigest()[:20]}"'
            headers["ETag"] = etag
            if asked.headers.get("if-none-match") == etag:
                return Fault(304, headers)
        return Fault(found.status, headers, found.body, found.drop, found.cut)

    def _limit(self, asked: Asked) -> Fault | None:
        """The primary limit of searches: its headers, and the refusal when it is used up."""
        if self.allowed is None or not asked.path.startswith("/search/"):
            return None
        now = time.time()
        if now >= self._closed_until_wall:
            self._used = 0
        if self._used == 0:
            self._reset = int(now) + 1 + self.window_s
        self._used += 1
        left = self.allowed - self._used
        headers = {"X-RateLimit-Remaining": str(max(0, left)), "X-RateLimit-Reset": str(self._reset)}
        headers["X-RateLimit-Resource"] = "search"
        if left < 0:
            self.too_early += 1
            refused = message(403, "API rate limit exceeded")
            return Fault(403, {**headers, **refused.headers}, refused.body)
        return Fault(0, headers)

    _reset: int = 0

    @property
    def _closed_until_wall(self) -> float:
        return float(self._reset)

    def _found(self, asked: Asked) -> Fault:
        if asked.path == "/search/repositories":
            return self._search(asked.query)
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)", asked.path)
        if found is None:
            by_id = re.fullmatch(r"/repositories/(\d+)", asked.path)
            one = next((one for one in self.repositories if by_id and one["id"] == int(by_id[1])), None)
        else:
            if (later := self.moved.get(found[1])) is not None:
                number = next(one["id"] for one in self.repositories if one["full_name"] == later)
                moved = message(301, "Moved Permanently")
                return Fault(301, {"Location": f"{self.url}/repositories/{number}"}, moved.body)
            one = next((one for one in self.repositories if one["full_name"] == found[1]), None)
        return Fault(200, {}, json.dumps(one).encode()) if one is not None else message(404, "Not Found")

    def _search(self, query: dict[str, str]) -> Fault:
        words = dict(word.split(":", 1) for word in query["q"].split())
        per_page, page = min(100, int(query.get("per_page", "30"))), int(query.get("page", "1"))
        if per_page * page > WINDOW:
            return message(422, "Only the first 1000 search results are available")
        if words["language"] not in ("coq", "rocq-prover"):
            return message(422, "Validation Failed")
        first, last = (datetime.fromisoformat(one) for one in words["created"].split(".."))
        least = int(words.get("stars", ">=0").removeprefix(">="))
        pushed = datetime.fromisoformat(words.get("pushed", ">=1970-01-01T00:00:00Z").removeprefix(">="))
        names = set(self.moved.values())
        early = {later: earlier for earlier, later in self.moved.items()}
        found = [
            # The index still has the names of before.
            {**one, "full_name": early[one["full_name"]]} if one["full_name"] in names else one
            for one in self.repositories
            if first <= datetime.fromisoformat(one["created_at"]) <= last
            and one["stargazers_count"] >= least
            and datetime.fromisoformat(one["pushed_at"]) >= pushed
        ]
        shown = found[: min(WINDOW, len(found))][per_page * (page - 1) : per_page * page]
        incomplete = self.incomplete > 0
        self.incomplete -= incomplete
        body = {"total_count": len(found), "incomplete_results": incomplete, "items": shown}
        headers = {}
        if per_page * page < min(WINDOW, len(found)):
            following = urlencode({**query, "page": str(page + 1)})
            headers["Link"] = f'<{self.url}/search/repositories?{following}>; rel="next", <{self.url}/x>; rel="last"'
        return Fault(200, headers, json.dumps(body).encode())


@contextmanager
def fake_github() -> Iterator[FakeGitHub]:
    """A server on a port of its own."""
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(parts.path, query, headers)
            github.asked.append(asked)
            given = github.answer(asked)
            asked.status = given.status
            if given.drop:
                self.close_connection = True
                return
            self.send_response_only(given.status)
            headers_out = {"Date": formatdate(usegmt=True), "Content-Type": "application/json", **given.headers}
            for name, value in headers_out.items():
                self.send_header(name, value)
            body = b"" if given.status == 304 else given.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if given.cut else body)
            if given.cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()


def at(text: str) -> int:
    """Seconds since 1970 of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
