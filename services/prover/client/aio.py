"""The asynchronous client."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

import httpx2

from prover.client.errors import ProverBusyError, ProverDownError, ProverError, ProverRefusedError

_SILENCE_S = 60.0  # the server says something every 15 s


class ProverClient:
    """A client of one prover. Use as an async context manager.

    Args:
        url: its base address, e.g. `http://127.0.0.1:8080`.
        token: bearer token, where the server wants one; none given: the one in PALMETTO_PROVER_TOKEN.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        token = token or os.environ.get("PALMETTO_PROVER_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        self._client = httpx2.AsyncClient(
            base_url=self._url,
            headers=headers,
            timeout=httpx2.Timeout(_SILENCE_S, connect=10.0),
            limits=httpx2.Limits(max_connections=None),
            # The environment's proxy is for the network: nobody's proxy leads back to this machine.
            mounts=dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]")),
        )

    async def __aenter__(self) -> "ProverClient":
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connections."""
        await self._client.aclose()

    def prove(self, **request: Any) -> AsyncIterator[dict[str, Any]]:
        """The events of the work on one theorem; the last one has the kind `result`. See the service's ProveRequest.

        Raises:
            ProverError: it did not answer, or went away.
        """
        return self._events("/v1/prove", request)

    def fill(self, **request: Any) -> AsyncIterator[dict[str, Any]]:
        """The events of filling a text; the last one has the kind `result`. See the service's FillRequest.

        Raises:
            ProverError: it did not answer, or went away.
        """
        return self._events("/v1/fill", request)

    async def _events(self, path: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        try:
            async with self._client.stream("POST", path, json={**request, "stream": True}) as response:
                if response.status_code != httpx2.codes.OK:
                    raise _refusal(response, await response.aread())
                async for event in _server_sent(response.aiter_lines()):
                    yield event
                    if event["kind"] == "result":
                        return
        except httpx2.HTTPError as error:
            raise ProverDownError(
                f"the prover at {self._url} does not answer ({type(error).__name__}): start it with `palmetto up`."
            ) from error
        raise ProverDownError(f"the prover at {self._url} went away in the middle of its answer.")

    async def ready(self) -> str:
        """Why the prover is not ready; empty when it is."""
        try:
            response = await self._client.get("/readyz")
        except httpx2.HTTPError as error:
            return f"the prover at {self._url} does not answer ({type(error).__name__})."
        return "" if response.status_code == httpx2.codes.OK else str(response.json()["error"]["message"])

    async def prove_patiently(self, **request: Any) -> AsyncIterator[dict[str, Any]]:
        """As `prove`, waiting while the server has no room."""
        while True:
            try:
                async for event in self.prove(**request):
                    yield event
            except ProverBusyError as error:
                await asyncio.sleep(error.retry_after_s)
            else:
                return


async def _server_sent(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    """Events of a `text/event-stream`: their data, with the event's name as `kind`."""
    name, data = "", []
    async for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield {**json.loads("\n".join(data)), "kind": name}
            name, data = "", []


def _refusal(response: httpx2.Response, body: bytes) -> ProverError:
    try:
        message = str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the prover answered with status {response.status_code}."
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        return ProverBusyError(message, float(response.headers.get("retry-after", "5")))
    if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return ProverDownError(message)
    return ProverRefusedError(message)
