"""coqc in a fresh process, for a text in the place of a project's file."""

import asyncio
import contextlib
import os
import re
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coq_checker.builds import Build, BuildError, build_project, cannot_write, machine_fault
from coq_checker.toolchain import Toolchain
from coqdata.project import Project, ProjectError
from evaluator.ports import Refusal

_ERROR = re.compile(r'File "[^"]*", line (\d+), characters [^\n]*\nError:(.*)', re.DOTALL)
_SHOWN_CHARS = 500
_WRITE_REMEDY = "make room there, or set TMPDIR to another place"
_OUTPUT_BYTES = 16 << 20


class CoqcCompiler:
    """Compiles texts in the sandbox; what they require is taken from the project's build.

    Args:
        projects: by name.
        toolchains: whose coqc, by the projects' names.
        jobs: files of a build at one time.
        wall_s: the longest that coqc may take.
    """

    def __init__(
        self,
        projects: Mapping[str, Project],
        toolchains: Mapping[str, Toolchain],
        *,
        jobs: int = 1,
        wall_s: float = 1800.0,
    ) -> None:
        self._projects = projects
        self._toolchains = toolchains
        self._jobs = jobs
        self._wall_s = wall_s

    async def compile(self, project: str, file: Path, text: bytes) -> str:
        """Compiles a text as a file of a project; answers what coqc printed.

        Raises:
            Refusal: it does not compile.
        """
        known = self._projects[project]
        try:
            build = await build_project(known, self._toolchains[project], jobs=self._jobs, only=file, text=text)
        except (BuildError, ProjectError) as error:
            raise Refusal(str(error), None, passing=True) from error
        try:
            with tempfile.TemporaryDirectory(prefix="palmetto-verify-") as folder:
                return await self._coqc(known, self._toolchains[project], build, file, text, Path(folder))
        except OSError as error:
            what = cannot_write(Path(tempfile.tempdir or "/tmp"), error.strerror or str(error))
            raise Refusal(f"{what}: {_WRITE_REMEDY}.", None, passing=True) from error

    async def _coqc(
        self, project: Project, toolchain: Toolchain, build: Build, file: Path, text: bytes, folder: Path
    ) -> str:
        source = folder / file.name
        source.write_bytes(text)
        words = [word for flag, where, name in build.load_arguments for word in _binding(flag, where, name)]
        logical = project.options.logical_name(project.root, file)
        if logical is not None:
            words += ["-Q", str(folder), logical.rpartition(".")[0]]
        argv = toolchain.coqc_command(
            "-q",
            *words,
            *project.options.arguments,
            str(source),
            read_only=build.read_only,
            writable=[folder],
            working_directory=folder,
        )
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._wall_s):
                printed = await _read(child)
                status = await child.wait()
        except TimeoutError:
            raise Refusal(f"coqc took more than {self._wall_s:g} s.", None, passing=True) from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                await child.wait()
        if status == 0:
            return printed
        fault = machine_fault(printed, _ERROR.search(printed) is not None, folder.parent)
        if fault is not None:
            raise Refusal(f"{fault}: {_WRITE_REMEDY}.", None, passing=True)
        raise _refusal(printed, status)


def _binding(flag: str, where: Path, name: str) -> list[str]:
    return [flag, str(where)] if flag == "-I" else [flag, str(where), name]


async def _read(child: asyncio.subprocess.Process) -> str:
    assert child.stdout is not None
    kept = b""
    while chunk := await child.stdout.read(65_536):
        kept = (kept + chunk)[-_OUTPUT_BYTES:]
    return kept.decode("utf-8", "replace")


def _refusal(printed: str, status: int) -> Refusal:
    found = _ERROR.search(printed)
    line, said = (int(found[1]), found[2]) if found else (None, printed.rpartition("Error:")[2])
    message = " ".join(said.split())[:_SHOWN_CHARS]
    killed = status < 0 or status > 128
    if killed or not message:
        return Refusal(f"coqc ended with status {status} (out of memory?).", None, passing=True)
    return Refusal(message, line)
