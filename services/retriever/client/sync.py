"""A blocking façade of the client, for scripts and notebooks: one event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, TypeVar

from retriever.client.aio import RetrieverClient
from retriever.client.errors import RetrieverError
from retriever.types import Answer, IndexInfo, Question

T = TypeVar("T")


class SyncRetrieverClient:
    """`RetrieverClient`, blocking. Use as a context manager; see there for what each method does."""

    def __init__(self, address: str, *, max_message_bytes: int = 64 << 20) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="palmetto-retriever", daemon=True)
        self._thread.start()
        self._client: RetrieverClient = self._wait(self._make(address, max_message_bytes))

    @staticmethod
    async def _make(address: str, max_message_bytes: int) -> RetrieverClient:
        return RetrieverClient(address, max_message_bytes=max_message_bytes)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> "SyncRetrieverClient":
        """Nothing is sent yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connection and the thread."""
        self.close()

    def close(self) -> None:
        """Closes the connection and the thread."""
        self._wait(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_until_ready(self, timeout_s: float = 30.0) -> None:
        """Waits until the server answers."""
        self._wait(self._client.wait_until_ready(timeout_s))

    def retrieve(self, question: Question, *, timeout_s: float | None = None) -> Answer:
        """What may help with one goal, best first."""
        return self._wait(self._client.retrieve(question, timeout_s=timeout_s))

    def retrieve_batch(
        self, questions: Iterable[Question], *, timeout_s: float | None = None
    ) -> list[Answer | RetrieverError]:
        """Several at once, in the order of the questions."""
        return self._wait(self._client.retrieve_batch(questions, timeout_s=timeout_s))

    def indexes(self) -> list[IndexInfo]:
        """What is indexed."""
        return self._wait(self._client.indexes())
