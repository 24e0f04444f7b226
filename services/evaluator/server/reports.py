"""Reports, each made once by a process of its own: reading thousands of records would hold up the service."""

import asyncio
import contextlib
import json
import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.errors import EvaluatorError

_LIMIT_S = 300.0
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Page:
    """A report, and the policy that its page needs."""

    html: str
    policy: str


class Reports:
    """Makes reports of a store's experiments, one at a time, and keeps the latest.

    Args:
        store: where the experiments are.
        home: address of their list, as the pages lead back to it.
    """

    def __init__(self, store: Path, home: str) -> None:
        self._store = store
        self._home = home
        self._kept: OrderedDict[tuple[object, ...], Page] = OrderedDict()
        self._turn = asyncio.Lock()

    async def page(self, names: Sequence[str], projects: Sequence[str] | None = None) -> Page:
        """The report of some experiments, as they stand.

        Raises:
            EvaluatorError: there is no such experiment, or it cannot be shown.
        """
        async with self._turn:
            key = (tuple(names), tuple(projects or ()), self._state())
            if key not in self._kept:
                self._kept[key] = await self._made(names, projects)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _state(self) -> tuple[tuple[int, int], ...]:
        """Changes when the store does."""
        found = []
        for path in (self._store, Path(f"{self._store}-wal")):
            with contextlib.suppress(OSError):
                told = path.stat()
                found.append((told.st_mtime_ns, told.st_size))
        return tuple(found)

    async def _made(self, names: Sequence[str], projects: Sequence[str] | None) -> Page:
        asked = json.dumps({"store": str(self._store), "names": list(names), "projects": projects, "home": self._home})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "evaluator.server.render",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_LIMIT_S):
                told, _ = await process.communicate(asked.encode())
        except TimeoutError:
            raise EvaluatorError(f"the report was not made in {_LIMIT_S:.0f} s: name fewer projects.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise EvaluatorError("the report could not be made: `palmetto compare` tells why.")
        answer = json.loads(told)
        if "problem" in answer:
            raise EvaluatorError(answer["problem"])
        return Page(answer["html"], answer["policy"])
