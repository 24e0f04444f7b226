"""How fast the service answers: over gRPC, one question at a time, on an index enlarged to 100,000 premises.

The standard library has fewer, so it is copied under other names until there are enough: each copy is searched
like a library of its own, and all are accessible. Postings grow with the copies, so a question costs what it would
with as many premises of real libraries that share their vocabulary.
"""

import asyncio
import json
import statistics
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retriever.client import Hypothesis, Kind, Position, Question, RetrieverClient
from retriever.index.pack import ARRAYS, MANIFEST
from retriever.index.place import CURRENT, current_pack
from retriever.server import RetrieverSettings, running

_QUESTIONS = 300


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured.

    Attributes:
        premises, proofs: how many of the index are accessible at the questions.
        p50_ms, p95_ms, p99_ms: of one question over gRPC: 30 premises.
        all_p50_ms: with definitions, proofs and tactics too.
        batch_ms: a question of a batch of 100.
    """

    premises: int
    proofs: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    all_p50_ms: float
    batch_ms: float


def measure(library: Path, goals: list[tuple[str, list[tuple[list[str], str]]]], premises: int) -> Speed:
    """Takes the figures.

    Args:
        library: folder of the standard library's index.
        goals: conclusions, and names and types of hypotheses, to ask about.
        premises: how many there are to be at the least.
    """
    with tempfile.TemporaryDirectory() as made:
        found, proofs, required = enlarge(library, Path(made), premises)
        return asyncio.run(_measure(Path(made), goals, found, proofs, required))


def enlarge(library: Path, root: Path, premises: int) -> tuple[int, int, str]:
    """Writes as many copies of a library's index as are needed; answers premises, proofs, and what requires it all."""
    pack = current_pack(library)
    assert pack is not None
    manifest: dict[str, Any] = json.loads((pack / MANIFEST).read_text())
    content = (pack / ARRAYS).read_bytes()
    copies = -(-premises // manifest["counts"]["premises"])
    everything = [_renamed(one["library"], number) for number in range(copies) for one in manifest["files"]]
    for number in range(copies):
        # Names keep their length, so that every array stays where it is.
        changed = bytearray(content.replace(b"Coq.", _renamed("Coq.", number).encode()))
        for label in ("entry_short", "entry_tail", "entry_longer_tail"):
            kind, shape, offset = manifest["arrays"][label]
            # Libraries share few short names, copies would share them all.
            np.frombuffer(changed, kind, shape[0], offset)[:] ^= np.uint64(number)
        arrays = bytes(changed)
        files = [
            {
                **one,
                "library": _renamed(one["library"], number),
                "requires": [_renamed(name, number) for name in one["requires"]],
            }
            for one in manifest["files"]
        ]
        files[-1]["requires"] = everything
        folder = root / f"{_renamed('Coq', number)}-{number:012d}"
        (folder / pack.name).mkdir(parents=True)
        (folder / pack.name / ARRAYS).write_bytes(arrays)
        copied = {**manifest, "name": _renamed("Coq", number), "files": files, "crc32": zlib.crc32(arrays)}
        (folder / pack.name / MANIFEST).write_text(json.dumps(copied))
        (folder / CURRENT).write_text(pack.name)
    counts = manifest["counts"]
    return counts["premises"] * copies, counts["proofs"] * copies, str(files[-1]["library"])


def _renamed(name: str, number: int) -> str:
    return name if number == 0 or not name.startswith("Coq") else f"C{number:02d}{name[3:]}"


async def _measure(
    root: Path, goals: list[tuple[str, list[tuple[list[str], str]]]], premises: int, proofs: int, required: str
) -> Speed:
    def ask(number: int, *kinds: Kind) -> Question:
        goal, hypotheses = goals[number % len(goals)]
        given = tuple(Hypothesis(tuple(one), kind) for one, kind in hypotheses)
        return Question(goal, given, Position(requires=(required,)), kinds, 30)

    async def timed(*kinds: Kind) -> list[float]:
        found = []
        for number in range(_QUESTIONS):
            question = ask(number, *kinds)
            begun = time.perf_counter()
            await client.retrieve(question)
            found.append((time.perf_counter() - begun) * 1000)
        return sorted(found)

    settings = RetrieverSettings(listen="127.0.0.1:0", metrics_listen="", indexes=root)
    async with running(settings) as up, RetrieverClient(up.address) as client:
        await client.retrieve(ask(0, *Kind))  # opens the index
        one = await timed(Kind.PREMISE)
        every = await timed(*Kind)
        begun = time.perf_counter()
        await client.retrieve_batch([ask(number, Kind.PREMISE) for number in range(100)])
        batch = (time.perf_counter() - begun) * 10
    return Speed(
        premises,
        proofs,
        statistics.median(one),
        one[int(len(one) * 0.95)],
        one[int(len(one) * 0.99)],
        statistics.median(every),
        batch,
    )
