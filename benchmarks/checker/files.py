"""Whole files, theorem by theorem, against coqc on the same files."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.checker.service import Service, cpu_of
from coq_checker.builds import build_project
from coq_checker.client import CheckerClient, Options
from coq_checker.toolchain import Toolchain
from coqdata.project import Project


@dataclass(frozen=True, slots=True)
class FileFigures:
    """CPU seconds for one file: coqc's, and ours with every theorem judged."""

    file: str
    theorems: int
    proved: int
    coqc_s: float
    checker_s: float


async def compare(service: Service, toolchain: Toolchain, project: Project, names: Sequence[str]) -> list[FileFigures]:
    """Each file by coqc alone, then by the service."""
    build = await build_project(project, toolchain, jobs=2)
    found: list[FileFigures] = []
    async with CheckerClient(service.address, max_message_bytes=256 << 20) as client:
        await client.wait_until_ready()
        for name in names:
            coqc = coqc_cpu_s(toolchain, project, name, build.load_arguments, build.read_only)
            begun = service.cpu_s()
            options = Options(cpu_ms=600_000)
            answers = [a async for a in client.check_file(project=project.name, file=name, options=options)]
            proved = sum(answer.result.proved for answer in answers)
            found.append(FileFigures(name, len(answers), proved, coqc, service.cpu_s() - begun))
    return found


def coqc_cpu_s(
    toolchain: Toolchain,
    project: Project,
    name: str,
    load: Sequence[tuple[str, object, str]],
    read_only: Sequence[object],
) -> float:
    """CPU seconds of coqc on one file; nothing is written."""
    arguments = [word for flag, folder, logical in load for word in (flag, str(folder), logical)]
    argv = toolchain.command(
        "coqc",
        "-q",
        "-noglob",
        *arguments,
        *project.options.arguments,
        "-o",
        "/tmp/out.vo",
        str(project.root / name),
        read_only=[*read_only, project.root],  # type: ignore[list-item]
    )
    # coqc insists that the output's name is the file's.
    argv[argv.index("/tmp/out.vo")] = "/tmp/" + name.rpartition("/")[2] + "o"
    return cpu_of(argv)
