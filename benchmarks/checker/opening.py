"""How long the theorems of a file take to be ready, one after the other, against Coq's time for the text between."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.checker.service import Service, cpu_of
from coq_checker.client import CheckerClient, TheoremRef
from coq_checker.toolchain import Toolchain
from coqdata.theorem import theorems


@dataclass(frozen=True, slots=True)
class Opening:
    """From the first theorem of a file to its last.

    Attributes:
        coqc_s: CPU seconds of coqc for the text between them.
        ready_s: seconds until the service was ready at each of them, added up.
    """

    file: str
    theorems: int
    coqc_s: float
    ready_s: float


async def opening(service: Service, toolchain: Toolchain, project: str, folder: Path, name: str) -> Opening:
    """Asks for every theorem of a file in file order, in one service."""
    source = (folder / name).read_bytes()
    found = [one for one in theorems(source) if not one.nested]
    ready_ns = 0
    async with CheckerClient(service.address) as client:
        await client.wait_until_ready()
        for theorem in found:
            result = await client.check_proof(TheoremRef(project, file=name, index=theorem.index), "idtac.")
            if theorem is not found[0]:
                ready_ns += result.timings.environment_ns
    texts = [source[: one.start] for one in (found[0], found[-1])]
    first, last = (_coqc_s(toolchain, folder, text) for text in texts)
    return Opening(name, len(found), last - first, ready_ns / 1e9)


def _coqc_s(toolchain: Toolchain, folder: Path, text: bytes) -> float:
    """CPU seconds of Coq on the beginning of a file."""
    path = folder / "palmetto_opening.v"
    path.write_bytes(text)
    try:
        # coqtop takes a text that ends inside of a section, where coqc does not.
        return cpu_of(toolchain.command("coqtop", "-q", "-batch", "-l", str(path), read_only=[folder]))
    finally:
        path.unlink()
