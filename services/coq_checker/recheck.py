"""The independent recheck: coqc, then coqchk, on the whole text in fresh processes.

Nothing of the session that gave the verdict is used again, but the text, and which other proofs of it failed:
these are `Admitted.` here as they were assumed there, so that no theorem is blamed for another one's proof.
"""

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coq_checker.builds.writing import MachineFaultError, cannot_write, machine_fault
from coq_checker.candidate import Candidate, read
from coq_checker.check import Ask
from coq_checker.engine import process
from coq_checker.engine.options import EngineOptions
from coq_checker.environment import Environment
from coq_checker.gates.statement import anchor
from coq_checker.gates.text import Mode
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult, Reason, Verdict
from coqdata.theorem import Theorem, theorems

Answer = tuple[Theorem, ProofResult]
Left = Mapping[int, bytes]

_LIMIT_S = 600.0
_WRITE_REMEDY = "make room there, or set TMPDIR to another place"
_PLACE = re.compile(r'File "[^"]*", line \d+, characters \d+-\d+: (?:Error: )?')
# What decides how a file is read, and not what its compiled form means.
_OF_COQC_ALONE = frozenset(("-noinit", "-nois", "-disallow-sprop", "-allow-rewrite-rules"))
_ENDED = re.compile(rb"\b(?:Qed|Defined)\s*\.\s*\Z")
# Ends of proofs that Coq takes without a proof.
GIVEN_UP = frozenset(("Admitted", "Abort", "Reset"))


async def recheck(
    target: Target, ask: Ask, result: ProofResult, failed: Iterable[Theorem] = (), left: Left | None = None
) -> ProofResult:
    """The result of a proved candidate, confirmed or taken back by coqc and coqchk.

    Args:
        target: what was proved.
        ask: the candidate.
        result: PROVED.
        failed: theorems of the environment whose own proofs fail, and which it therefore assumes.
        left: how the session left a proof that failed, by where its statement begins; by default with `Admitted.`
    """
    begun_ns = time.monotonic_ns()
    try:
        problem = await compiled(target.environment, whole_text(target, ask, failed, left or {}))
    except MachineFaultError as error:
        return _unavailable(result, error)
    result = result.with_timings(recheck_ns=time.monotonic_ns() - begun_ns)
    if problem is None:
        return result
    return replace(result, verdict=Verdict.REJECTED, reason=Reason.RECHECK, message=problem)


def _unavailable(result: ProofResult, error: MachineFaultError) -> ProofResult:
    return replace(result, verdict=Verdict.ERROR, reason=Reason.UNAVAILABLE, message=f"coqc cannot confirm it: {error}")


async def recheck_file(environment: Environment, answers: Sequence[Answer], left: Left | None = None) -> list[Answer]:
    """The answers on a file's theorems, those that are PROVED confirmed or taken back by coqc and coqchk.

    What fails between the theorems is nobody's fault: the text before it is rechecked, and what comes after it
    cannot be confirmed.
    """
    return await _File(environment, answers, left or {}).rechecked()


class _File:
    """A file on its way through the recheck."""

    def __init__(self, environment: Environment, answers: Sequence[Answer], left: Left) -> None:
        self.environment, self.answers, self.left = environment, answers, left
        outer = [(theorem, result) for theorem, result in answers if not theorem.nested]
        # Where the environment itself fails, the text ends with the theorem before.
        sound = [theorem for theorem, result in outer if result.reason is not Reason.ENVIRONMENT]
        self.outer = list({theorem.start: theorem for theorem in sound}.values())
        whole = len(sound) == len(outer)
        self.end = len(environment.source) if whole else max((one.proof_end for one in sound), default=0)
        self.failed = {theorem.start: theorem for theorem, result in outer if assumed(theorem, result)}
        self.refused: dict[int, str] = {}
        self.unknown = ""

    async def rechecked(self) -> list[Answer]:
        """Takes back one theorem after the other, until coqc and coqchk accept what is left."""
        try:
            if any(result.proved for _, result in self.answers):
                while (problem := await self._problem(self.end)) is not None:
                    if not await self._find_culprit(problem):
                        break
        except MachineFaultError as error:
            return [
                (theorem, _unavailable(result, error) if result.proved else result) for theorem, result in self.answers
            ]
        return [(theorem, self._judged(theorem, result)) for theorem, result in self.answers]

    async def _problem(self, end: int) -> str | None:
        text = _assuming(self.environment.source, end, self.failed.values(), self.left)
        return await compiled(self.environment, b"\n".join([text, _closers(text), b""]))

    async def _find_culprit(self, problem: str) -> bool:
        """Finds the first theorem that is refused and assumes it; False where no theorem is to blame."""
        low, high = 0, len(self.outer)  # up to `low` of them are accepted, up to `high` and more are not
        while low < high:
            middle = (low + high) // 2
            found = await self._problem(self.outer[middle].proof_end)
            if found is None:
                low = middle + 1
            else:
                high, problem = middle, found
        # After the last theorem there is nothing left to confirm.
        if low == len(self.outer):
            return False
        culprit = self.outer[low]
        before = await self._problem(culprit.start)
        if before is not None or culprit.start in self.failed:
            self.end = self.outer[low - 1].proof_end if low else 0
            self.unknown = before or problem
            return False
        self.refused[culprit.start] = problem
        self.failed[culprit.start] = culprit
        return True

    def _judged(self, theorem: Theorem, result: ProofResult) -> ProofResult:
        if not result.proved:
            return result
        around = next((one for one in self.outer if one.start <= theorem.start < one.proof_end), theorem)
        if around.start in self.refused:
            why = self.refused[around.start]
            return replace(result, verdict=Verdict.REJECTED, reason=Reason.RECHECK, message=why)
        if around.start in self.failed:
            why = f"coqc cannot confirm it: it stands inside the proof of {around.name}, which fails."
        elif theorem.proof_end > self.end:
            why = f"coqc cannot confirm it, for the text before it does not run there: {self.unknown}"
        else:
            return result
        return replace(result, verdict=Verdict.ERROR, reason=Reason.RECHECK, message=why)


def confirmed_text(environment: Environment, answers: Sequence[Answer], left: Left | None = None) -> bytes:
    """A file as a session has answered on it: proofs that failed stand as they were left, and nobody is blamed.

    Args:
        environment: the file, in any toolchain.
        answers: on its theorems.
        left: as in `recheck`.
    """
    file = _File(environment, answers, left or {})
    text = _assuming(environment.source, file.end, file.failed.values(), file.left)
    return b"\n".join([text, _closers(text), b""])


def assumed(theorem: Theorem, result: ProofResult) -> bool:
    """Whether the session went on from the theorem as if `Admitted.` stood for its proof."""
    if result.verdict is Verdict.INCOMPLETE:
        return theorem.ending not in GIVEN_UP
    lost = result.verdict is Verdict.ERROR and result.reason is Reason.WORKER_LOST
    return lost or result.verdict in (Verdict.FAILED, Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)


def _assuming(source: bytes, end: int, failed: Iterable[Theorem], left: Left) -> bytes:
    """The text up to a byte offset, with the proofs that failed left as the session left them."""
    parts: list[bytes] = []
    at = 0
    for theorem in sorted(failed, key=lambda one: one.start):
        # One that stands inside of another, or is stated together with it, is gone with that.
        if at <= theorem.start and theorem.proof_end <= end:
            parts += [source[at : theorem.statement_end], b"\n" + left.get(theorem.start, b"Admitted.") + b"\n"]
            at = theorem.proof_end
    return b"".join([*parts, source[at:end]])


def whole_text(target: Target, ask: Ask, failed: Iterable[Theorem], left: Left) -> bytes:
    """The text of a candidate with what stands before it, as a file that ends; arguments as in `recheck`."""
    prefix = _assuming(target.environment.source, target.position, failed, left)
    if target.mode is Mode.SCRIPT:
        fixed = anchor(target.statement)
        parts = [prefix, fixed.before.encode(), ask.text, fixed.after.encode()]
    else:
        # Where only Coq knows its sentences (a symbol ends in a full stop), the end is not seen otherwise.
        ended = _ENDED.search(ask.text) is not None
        candidate = read(ask.text, ask.mode, ask.max_sentences, partial=ask.partial)
        if isinstance(candidate, Candidate) and not ended:
            body = candidate.text
        else:
            body = ask.text if ended else ask.text + b"\nQed."
        parts = [prefix, target.prelude, target.statement, body]
    return b"\n".join([*parts, _closers(prefix), b""])


def _closers(prefix: bytes) -> bytes:
    """What ends the proofs, sections and modules that are open at the end of `prefix`."""
    here = theorems(prefix + b"\nGoal True.\n")[-1]
    # What `Program` left over may be proved after the end of the prefix; each section has its own.
    leave = "Admit Obligations." if b"Program" in prefix or b"Equations" in prefix else ""
    ends = [f"End {name}. {leave}" for _, name in reversed(here.path)]
    return "\n".join([*(["Abort All."] if here.nested else []), leave, *ends]).encode()


async def compiled(environment: Environment, text: bytes) -> str | None:
    """Why coqc or coqchk refuses a text; None where both accept it.

    Raises:
        MachineFaultError: they could not do their work.
    """
    try:
        return await _compile_in(Path(tempfile.mkdtemp(prefix="palmetto-recheck-")), environment, text)
    except OSError as error:
        what = cannot_write(Path(tempfile.tempdir or "/tmp"), error.strerror or str(error))
        raise MachineFaultError(f"{what}: {_WRITE_REMEDY}.") from error


async def _compile_in(folder: Path, environment: Environment, text: bytes) -> str | None:
    options = environment.options
    setup = "".join(f"{command}\n" for command in environment.setup).encode()
    try:
        prefix, name = _logical_name(options)
        source = folder / f"{name}.v"
        source.write_bytes(setup + text)
        arguments = [*options.arguments, "-Q", str(folder), prefix]
        common = {"read_only": options.read_only, "writable": [folder], "working_directory": folder}
        said = await _run(
            options.toolchain.coqc_command("-q", *arguments, str(source), **common),  # type: ignore[arg-type]
            folder,
        )
        if said is not None:
            # Places in our own copy of the text say nothing to anybody.
            said = _PLACE.sub("", said).replace(f"{folder}/", "")
            return f"coqc does not accept it: {said}"
        # Where the project has a library of this name too, coqchk takes the one in the folder named last.
        module = ["-norec", f"{prefix}.{name}".lstrip(".")]
        arguments = [word for word in arguments if word not in _OF_COQC_ALONE]
        said = await _run(
            options.toolchain.coqchk_command("-silent", *arguments, *module, **common),  # type: ignore[arg-type]
            folder,
        )
        return None if said is None else f"coqchk does not accept it: {said}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _logical_name(options: EngineOptions) -> tuple[str, str]:
    """Prefix and last part of the name that the text's library has in its session."""
    path = Path(options.module_file).with_suffix("")
    prefix = path.parent.as_posix() if path.parent.parts else ""
    words = options.arguments
    for at, flag in enumerate(words):
        if flag in ("-R", "-Q") and path.is_relative_to(words[at + 1]):
            folder, logical = words[at + 1], words[at + 2]
            prefix = "/".join(part for part in (logical, *path.relative_to(folder).parent.parts) if part)
    return prefix.replace("/", "."), path.name


async def _run(argv: list[str], folder: Path) -> str | None:
    """What a checker printed when it refused; None when it accepted.

    Raises:
        MachineFaultError: it could not do its work.
    """
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
    said = printed.decode("utf-8", "replace")
    fault = machine_fault(said, _PLACE.search(said) is not None, folder.parent)
    if fault is not None:
        raise MachineFaultError(f"{fault}: {_WRITE_REMEDY}.")
    return " ".join(said.split())[-500:]
