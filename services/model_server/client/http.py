"""One HTTP exchange with an OpenAI-compatible server, every failure a typed error."""

import asyncio
import contextlib
import email.utils
import json
import time
import urllib.parse
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from model_server.client.errors import (
    AccessError,
    BadAnswerError,
    ModelBusyError,
    ModelDownError,
    ModelError,
    ModelFailedError,
    ModelTimeoutError,
    NoAnswerError,
    PrintingMismatchError,
    RefusedError,
    UnknownModelError,
)

_SHOWN_CHARS = 300
_BY_CODE: dict[str, type[RefusedError]] = {
    "model_not_found": UnknownModelError,
    "not_recorded": NoAnswerError,
    "printing_mismatch": PrintingMismatchError,
}


def is_address(url: str) -> bool:
    """Whether it is the address of an HTTP server."""
    try:
        parsed = urllib.parse.urlsplit(url)
        return parsed.scheme in ("http", "https") and bool(parsed.hostname) and (parsed.port or 1) > 0
    except ValueError:
        return False


class Wire:
    """A connection pool to one server.

    Args:
        base_url: with the `/v1`.
        api_key: sent as a bearer token; empty: none. It is never logged.
        timeout_s: for one exchange, from the request to the last byte.
        connect_timeout_s: for a connection.
        max_bytes: the largest answer that is read.
    """

    def __init__(
        self, base_url: str, api_key: str, *, timeout_s: float, connect_timeout_s: float, max_bytes: int
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._http = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx2.Timeout(timeout_s, connect=connect_timeout_s, pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
            # The environment's proxy is for the network: nobody's proxy leads back to this machine.
            mounts=dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def exchange(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object that the server answers.

        Raises:
            ModelError: there is none.
        """
        try:
            async with asyncio.timeout(self._timeout_s), self._sent(method, path, body) as response:
                content = await self._read(response)
        except TimeoutError:
            raise ModelTimeoutError(f"{self.base_url} did not answer within {self._timeout_s:g} s.") from None
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            shown = content[:_SHOWN_CHARS].decode("utf-8", "replace")
            raise BadAnswerError(f"{self.base_url} answered what is not JSON: {shown!r}.", status=200) from None
        if not isinstance(answer, dict):
            raise BadAnswerError(f"{self.base_url} answered JSON that is no object.", status=200)
        return answer

    @contextlib.asynccontextmanager
    async def lines(self, path: str, body: dict[str, Any]) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of a stream of server-sent events.

        Raises:
            ModelError: it cannot be opened, or breaks.
        """
        async with self._sent("POST", path, body) as response:
            kind = response.headers.get("content-type", "")
            if "text/event-stream" not in kind:
                raise BadAnswerError(
                    f"{self.base_url} answered {kind or 'no type'!r} in place of a stream.", status=200
                )
            yield self._bounded_lines(response)

    async def _bounded_lines(self, response: httpx2.Response) -> AsyncIterator[str]:
        size = 0
        rest = b""
        async for part in self._parts(response):
            size += len(part)
            if size > self._max_bytes:
                raise self._too_much()
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r").decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")

    @contextlib.asynccontextmanager
    async def _sent(self, method: str, path: str, body: dict[str, Any] | None) -> AsyncIterator[httpx2.Response]:
        url = f"{self.base_url}{path}"
        if not is_address(url):
            raise RefusedError(f"{self.base_url!r} is no address: give it as http://HOST:PORT/v1.")
        request = self._http.build_request(method, url, json=body)
        try:
            response = await self._http.send(request, stream=True)
        except httpx2.TimeoutException:
            raise ModelTimeoutError(f"{self.base_url} did not answer in time.") from None
        except (httpx2.TransportError, OSError) as error:
            why = str(error) or type(error).__name__
            raise ModelDownError(f"the model server at {self.base_url} cannot be reached ({why}).") from None
        try:
            if response.status_code != httpx2.codes.OK:
                raise await self._error(response)
            yield response
        finally:
            await response.aclose()

    async def _parts(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        try:
            async for part in response.aiter_bytes():
                yield part
        except httpx2.TimeoutException:
            raise ModelTimeoutError(f"{self.base_url} stopped in the middle of its answer.") from None
        except (httpx2.TransportError, httpx2.DecodingError, OSError) as error:
            raise ModelDownError(f"the answer of {self.base_url} broke off ({type(error).__name__}).") from None

    async def _read(self, response: httpx2.Response) -> bytes:
        content = bytearray()
        async for part in self._parts(response):
            content += part
            if len(content) > self._max_bytes:
                raise self._too_much()
        return bytes(content)

    def _too_much(self) -> BadAnswerError:
        return BadAnswerError(f"{self.base_url} answered more than {self._max_bytes} bytes.", status=200)

    async def _error(self, response: httpx2.Response) -> ModelError:
        status = response.status_code
        message, code = _explained(await self._read(response))
        said = f"{self.base_url} answered {status}" + (f": {message}" if message else "")
        said = said if said.endswith(".") else f"{said}."
        retry_after_s = _retry_after_s(response.headers)
        kind: type[ModelError]
        if status in (401, 403):
            kind = AccessError
        elif code in _BY_CODE:
            kind = _BY_CODE[code]
        elif status in (429, 503):
            kind = ModelBusyError
        elif status in (408, 504):
            kind = ModelTimeoutError
        elif status >= 500:
            kind = ModelFailedError
        elif status >= 400:
            kind = RefusedError
        else:
            kind = BadAnswerError
        return kind(said, status=status, code=code, retry_after_s=retry_after_s)


def _explained(content: bytes) -> tuple[str, str]:
    """Message and code in an error's body, in any of the shapes that servers give it."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        text = content[:_SHOWN_CHARS].decode("utf-8", "replace")
        return ("" if "<" in text else " ".join(text.split())), ""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or body.get("message") or ""
        code = error.get("code") or error.get("error_type") or body.get("error_type") or ""
        return str(message)[:_SHOWN_CHARS], str(code)
    return str(error)[:_SHOWN_CHARS], str(body.get("error_type", "")) if isinstance(body, dict) else ""


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """What `Retry-After` says: seconds, or a date."""
    given = headers.get("retry-after", "").strip()
    if not given:
        return None
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
