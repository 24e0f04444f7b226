"""A blocking façade of the client, for scripts and notebooks: one event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, TypeVar

from coq_checker.client.aio import CheckerClient, CheckItem
from coq_checker.client.messages import FreeStatement, Options, TheoremRef
from coq_checker.client.session import Session, State
from coq_checker.client.types import CheckedTheorem, ProjectInfo, TheoremInfo, ToolchainInfo, Traced
from coq_checker.result import ProofResult

T = TypeVar("T")


class SyncCheckerClient:
    """`CheckerClient`, blocking. Use as a context manager; see there for what each method does."""

    def __init__(self, address: str, *, max_message_bytes: int = 64 << 20) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="palmetto-client", daemon=True)
        self._thread.start()
        self._client: CheckerClient = self._wait(self._make(address, max_message_bytes))

    @staticmethod
    async def _make(address: str, max_message_bytes: int) -> CheckerClient:
        return CheckerClient(address, max_message_bytes=max_message_bytes)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> "SyncCheckerClient":
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

    def check_proof(
        self,
        target: TheoremRef | FreeStatement,
        proof: str | None = None,
        *,
        script: str | None = None,
        options: Options | None = None,
        timeout_s: float | None = None,
    ) -> ProofResult:
        """Checks one candidate."""
        return self._wait(self._client.check_proof(target, proof, script=script, options=options, timeout_s=timeout_s))

    def check_proofs(self, items: Iterable[CheckItem]) -> list[tuple[str, ProofResult]]:
        """Checks many candidates; answers in the order in which they finished."""

        async def collect() -> list[tuple[str, ProofResult]]:
            return [answer async for answer in self._client.check_proofs(items)]

        return self._wait(collect())

    def check_file(
        self,
        *,
        project: str = "",
        file: str = "",
        text: str | None = None,
        logical_name: str = "",
        toolchain: str = "",
        options: Options | None = None,
    ) -> list[CheckedTheorem]:
        """Checks every theorem of a file."""

        async def collect() -> list[CheckedTheorem]:
            answers = self._client.check_file(
                project=project,
                file=file,
                text=text,
                logical_name=logical_name,
                toolchain=toolchain,
                options=options,
            )
            return [answer async for answer in answers]

        return self._wait(collect())

    def trace_file(
        self,
        *,
        project: str = "",
        file: str = "",
        text: str | None = None,
        logical_name: str = "",
        toolchain: str = "",
        printing: str = "",
        options: Options | None = None,
    ) -> list[Traced]:
        """The goals that each sentence of each proof of a file met."""

        async def collect() -> list[Traced]:
            answers = self._client.trace_file(
                project=project,
                file=file,
                text=text,
                logical_name=logical_name,
                toolchain=toolchain,
                printing=printing,
                options=options,
            )
            return [answer async for answer in answers]

        return self._wait(collect())

    def projects(self) -> list[ProjectInfo]:
        """The projects that the server knows."""
        return self._wait(self._client.projects())

    def toolchains(self) -> list[ToolchainInfo]:
        """The toolchains that the server has, or can have."""
        return self._wait(self._client.toolchains())

    def theorems(self, project: str, file: str = "") -> list[TheoremInfo]:
        """The theorems of a project or of one of its files."""

        async def collect() -> list[TheoremInfo]:
            return [one async for one in self._client.theorems(project, file)]

        return self._wait(collect())

    def theorem(self, target: TheoremRef) -> TheoremInfo:
        """One theorem, with the proof that stands in the file."""
        return self._wait(self._client.theorem(target))

    def session(
        self,
        target: TheoremRef | FreeStatement | None = None,
        *,
        context: str = "",
        project: str = "",
        toolchain: str = "",
        options: Options | None = None,
    ) -> "SyncSession":
        """Opens an interactive session."""
        session = self._wait(
            self._client.session(target, context=context, project=project, toolchain=toolchain, options=options)
        )
        return SyncSession(session, self)


class SyncSession:
    """`Session`, blocking."""

    def __init__(self, session: Session, client: SyncCheckerClient) -> None:
        self._session = session
        self._client = client
        self.start = session.start

    def __enter__(self) -> "SyncSession":
        """The session is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the session."""
        self._client._loop.call_soon_threadsafe(self._session.close)

    def run(self, state: State, text: str, *, want_goals: bool = True) -> State:
        """The state after `text` is run on `state`."""
        return self._client._wait(self._session.run(state, text, want_goals=want_goals))

    def query(self, state: State, command: str) -> list[str]:
        """What Coq prints for a query in `state`."""
        return self._client._wait(self._session.query(state, command))
