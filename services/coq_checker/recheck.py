"""The independent recheck: coqc, then coqchk, on the whole text in fresh processes.

Nothing of the session that gave the verdict is used again, but the text.
"""

import asyncio
import contextlib
import shutil
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from coq_checker.candidate import Candidate, read
from coq_checker.check import Ask
from coq_checker.environment import Environment
from coq_checker.gates.statement import anchor
from coq_checker.gates.text import Mode
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.session import process
from coqdata.theorem import theorems

_LIMIT_S = 600.0


async def recheck(target: Target, ask: Ask, result: ProofResult) -> ProofResult:
    """The result of a proved candidate, confirmed or taken back by coqc and coqchk."""
    begun_ns = time.monotonic_ns()
    problem = await _compile(target.environment, _whole_text(target, ask))
    result = result.with_timings(recheck_ns=time.monotonic_ns() - begun_ns)
    if problem is None:
        return result
    return replace(result, verdict=Verdict.REJECTED, reason=Reason.RECHECK, message=problem)


async def recheck_file(environment: Environment) -> str | None:
    """What coqc and coqchk have against a whole file; None when they accept it."""
    return await _compile(environment, environment.source)


def _whole_text(target: Target, ask: Ask) -> bytes:
    prefix = target.environment.source[: target.position]
    if target.mode is Mode.SCRIPT:
        fixed = anchor(target.statement)
        parts = [prefix, fixed.before.encode(), ask.text, fixed.after.encode()]
    else:
        candidate = read(ask.text, ask.mode, ask.max_sentences, partial=ask.partial)
        body = candidate.text if isinstance(candidate, Candidate) else ask.text
        parts = [prefix, target.prelude, target.statement, body]
    return b"\n".join([*parts, _closers(prefix), b""])


def _closers(prefix: bytes) -> bytes:
    """`End NAME.` for each section and module that is open at the end of `prefix`."""
    here = theorems(prefix + b"\nGoal True.\n")[-1]
    return b"\n".join(f"End {name}.".encode() for _, name in reversed(here.path))


async def _compile(environment: Environment, text: bytes) -> str | None:
    options = environment.options
    folder = Path(tempfile.mkdtemp(prefix="palmetto-recheck-"))
    setup = "".join(f"{command}\n" for command in environment.setup).encode()
    try:
        prefix, name = _logical_name(options.arguments)
        source = folder / f"{name}.v"
        source.write_bytes(setup + text)
        arguments = [*_coqc_arguments(options.arguments), "-Q", str(folder), prefix]
        common = {"read_only": options.read_only, "writable": [folder], "working_directory": folder}
        said = await _run(
            options.toolchain.command("coqc", "-q", *arguments, str(source), **common),  # type: ignore[arg-type]
        )
        if said is not None:
            return f"coqc does not accept it: {said}"
        # Where the project has a library of this name too, coqchk takes the one in the folder named last.
        module = ["-norec", f"{prefix}.{name}".lstrip(".")]
        said = await _run(
            options.toolchain.command("coqchk", "-silent", *arguments, *module, **common),  # type: ignore[arg-type]
        )
        return None if said is None else f"coqchk does not accept it: {said}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _logical_name(arguments: tuple[str, ...]) -> tuple[str, str]:
    """Prefix and last part of the name that the text's library has in its session."""
    if "--topfile" not in arguments:
        return "PalmettoRecheck", "Recheck"
    path = Path(arguments[arguments.index("--topfile") + 1]).with_suffix("")
    prefix = path.parent.as_posix() if path.parent.parts else ""
    for flag, mapping in pairwise(arguments):
        folder, _, logical = mapping.rpartition(",")
        if flag in ("-R", "-Q") and path.is_relative_to(folder):
            prefix = "/".join(part for part in (logical, *path.relative_to(folder).parent.parts) if part)
    return prefix.replace("/", "."), path.name


def _coqc_arguments(arguments: tuple[str, ...]) -> list[str]:
    """coqc's form of sertop's flags: `-R DIR NAME` for `-R DIR,NAME`."""
    found: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("-R", "-Q"):
            folder, _, name = next(words).rpartition(",")
            found += [word, folder, name]
        elif word == "-I":
            found += [word, next(words)]
        elif word == "--topfile":
            next(words)
        elif word == "--no_prelude":
            found.append("-noinit")
        else:
            found.append("-" + word.lstrip("-").replace("_", "-"))
    return found


async def _run(argv: list[str]) -> str | None:
    """What a checker printed when it refused; None when it accepted."""
    child = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            printed, _ = await child.communicate()
    except TimeoutError:
        return f"it took more than {_LIMIT_S:.0f} s."
    finally:
        if child.returncode is None:
            process.kill(child.pid)
            with contextlib.suppress(ProcessLookupError):
                await child.wait()
    if child.returncode == 0:
        return None
    return " ".join(printed.decode("utf-8", "replace").split())[-500:]
