"""coqc on one file, in a folder of its own: what it made is moved to its place only when it is whole."""

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coq_checker.builds.graph import Source
from coq_checker.builds.layout import Unit
from coq_checker.builds.libraries import message_remedy
from coq_checker.builds.names import logical_folder
from coq_checker.builds.result import BuildFaultError
from coq_checker.builds.writing import machine_fault
from coq_checker.engine import process
from coq_checker.toolchain import Toolchain

STAGES = ".stage"
WRITE_REMEDY = "make room there, or set PALMETTO_CACHE to another place"

_ERROR = re.compile(r'File "[^"]*", line (\d+), characters [^\n]*\nError:(.*)', re.DOTALL)
_OUTPUT_BYTES = 64 * 1024
_MESSAGE_CHARS = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file does not compile.

    Attributes:
        message: in one line, with a remedy where the file's own text is not to blame.
        line: from 1; None when no line is to blame.
        lasting: the same text in the same setting fails again.
    """

    message: str
    line: int | None = None
    lasting: bool = False


def sweep_stages(unit: Unit) -> None:
    """Removes what builds that were interrupted left behind."""
    shutil.rmtree(unit.folder / STAGES, ignore_errors=True)


async def compile_file(source: Source, toolchain: Toolchain, folders: Iterable[Path], wall_s: float) -> Failure | None:
    """Compiles a file; None when it worked and the compiled file lies at its place.

    Args:
        source: the file; what it requires must be compiled.
        toolchain: whose coqc runs.
        folders: folders of the project that the file may count on, as the project has them.
        wall_s: the longest that coqc may take.

    Raises:
        OSError: the build folder cannot be written.
        BuildFaultError: coqc cannot write, or cannot be run.
    """
    unit = source.unit
    stages = unit.folder / STAGES
    stages.mkdir(exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=stages))
    try:
        for folder in folders:
            (stage / folder.relative_to(unit.base)).mkdir(parents=True, exist_ok=True)
        staged = stage / source.name
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(source.text)
        here = logical_folder(source.path.parent, unit.project.options.paths)
        binding = [] if here is None else ["-Q", str(staged.parent), here.full]
        argv = toolchain.coqc_command(
            "-q",
            *unit.coqc_arguments,
            *binding,
            str(staged),
            read_only=unit.read_only,
            writable=[stage],
            working_directory=stage / unit.project.root.relative_to(unit.base),
        )
        failure = await _run(argv, wall_s, unit.folder, toolchain)
        if failure is None:
            target = unit.folder / source.name
            for suffix in (".v", ".glob", ".vo"):
                with contextlib.suppress(FileNotFoundError):
                    staged.with_suffix(suffix).replace(target.with_suffix(suffix))
            if not target.with_suffix(".vo").is_file():
                fault = machine_fault("", False, unit.folder)
                if fault is not None:
                    raise BuildFaultError(f"{fault}: {WRITE_REMEDY}.")
                return Failure("coqc made no compiled file and gave no error")
        return failure
    finally:
        shutil.rmtree(stage, ignore_errors=True)


async def _run(argv: list[str], wall_s: float, folder: Path, toolchain: Toolchain) -> Failure | None:
    begun = time.monotonic()
    try:
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BuildFaultError(f"coqc cannot be run ({error}): see `palmetto toolchain show`.") from error
    try:
        async with asyncio.timeout(wall_s):
            printed = await _tail(child)
            status = await child.wait()
    except TimeoutError:
        return Failure(f"coqc took more than {wall_s:g} s")
    finally:
        if child.returncode is None:
            process.kill(child.pid)
            await child.wait()
    if status == 0:
        return None
    said = printed.decode("utf-8", "replace")
    fault = machine_fault(said, _ERROR.search(said) is not None, folder)
    if fault is not None:
        raise BuildFaultError(f"{fault}: {WRITE_REMEDY}.")
    return _failure(said, status, time.monotonic() - begun, toolchain)


async def _tail(child: asyncio.subprocess.Process) -> bytes:
    """The end of what the child prints, where its error is; the rest is let go."""
    assert child.stdout is not None
    kept = b""
    while chunk := await child.stdout.read(_OUTPUT_BYTES):
        kept = (kept + chunk)[-_OUTPUT_BYTES:]
    return kept


def _failure(printed: str, status: int, wall_s: float, toolchain: Toolchain) -> Failure:
    if found := _ERROR.search(printed):
        line, text = int(found[1]), found[2]
    else:
        line, text = None, printed.rpartition("Error:")[2]
    message = " ".join(text.split())
    if not message:
        how = f"was killed by signal {abs(status) % 128}" if status < 0 or status > 128 else f"ended with {status}"
        message = f"coqc {how} after {wall_s:.0f} s and said nothing (out of memory?)"
    about = message_remedy(message, toolchain)
    if len(message) > _MESSAGE_CHARS:
        message = message[:_MESSAGE_CHARS] + "..."
    if about:
        return Failure(f"{message.rstrip('.')}; {about}", line)
    return Failure(message.rstrip("."), line, lasting=line is not None and status == 1)
