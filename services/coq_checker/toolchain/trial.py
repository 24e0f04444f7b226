"""The trial of a new toolchain: right and wrong proofs, through what it has of coqc and sertop, in the sandbox."""

import subprocess
import tempfile
from pathlib import Path

from coq_checker.toolchain.errors import SuiteError, ToolchainError
from coq_checker.toolchain.value import Toolchain

_TRIAL_TIMEOUT_S = 300.0

_RIGHT = """\
From {library} Require Import Lia.
Theorem below (n m : nat) : n < m -> n + 1 <= m.
Proof. lia. Qed.
"""
_HAMMERED = """\
From Hammer Require Import Tactics.
Theorem swap (A B : Prop) : A /\\ B -> B /\\ A.
Proof. sauto. Qed.
"""
_WRONG = "Theorem wrong : 1 + 1 = 3. Proof. reflexivity. Qed.\n"

# A wrong proof must be refused just as a right one is accepted.
_SERTOP_INPUT = b"""\
(Add () "Theorem right : 1 + 1 = 2. Proof. reflexivity. Qed.")
(Exec 5)
(Add () "Theorem wrong : 1 + 1 = 3. Proof. reflexivity. Qed.")
(Exec 9)
"""


def try_toolchain(toolchain: Toolchain, version: tuple[int, ...] = ()) -> None:
    """Compile right and wrong proofs with coqc and, where it is there, check such with sertop.

    Args:
        toolchain: to be tried.
        version: what its version has to begin with.

    Raises:
        SuiteError: it is another version, or an answer is not the expected one.
    """
    if toolchain.version[: len(version)] != version:
        wanted = ".".join(map(str, version))
        raise SuiteError(
            f"The toolchain {toolchain.name} is to be {wanted}, and Debian has {toolchain.coq_version} now."
        )
    hammer = (toolchain.host_path(toolchain.coqlib) / "user-contrib" / "Hammer").is_dir()
    right = _RIGHT.format(library=toolchain.standard_library) + (_HAMMERED if hammer else "")
    done, compiled = _compile(toolchain, right)
    if done.returncode != 0 or not compiled:
        raise SuiteError(_failed(toolchain, "coqc", done.stderr or done.stdout or b"it wrote no .vo file"))
    done, compiled = _compile(toolchain, _WRONG)
    if done.returncode == 0 or compiled:
        raise SuiteError(_failed(toolchain, "coqc", b"it accepts a wrong proof"))
    if toolchain.sertop_version:
        _try_sertop(toolchain)


def _compile(toolchain: Toolchain, text: str) -> "tuple[subprocess.CompletedProcess[bytes], bool]":
    """Compile a text; tell too whether that made a compiled file."""
    with tempfile.TemporaryDirectory(prefix="palmetto-trial-") as name:
        source = Path(name) / "Trial.v"
        source.write_text(text, encoding="utf-8")
        done = _run(toolchain.coqc_command(str(source), writable=(Path(name),)), b"")
        return done, source.with_suffix(".vo").exists()


def _try_sertop(toolchain: Toolchain) -> None:
    done = _run(toolchain.command("sertop", "--printer=sertop"), _SERTOP_INPUT)
    answers = [line for line in done.stdout.splitlines() if line.startswith(b"(Answer")]
    refused = [line for line in answers if b"CoqExn" in line]
    if not answers or not all(line.startswith(b"(Answer 3") for line in refused) or not refused:
        raise SuiteError(_failed(toolchain, "sertop", done.stderr or b"its answers are not the expected ones"))


def _run(command: list[str], given: bytes) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=_TRIAL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"The new toolchain could not be tried ({error}): try again.") from None


def _failed(toolchain: Toolchain, program: str, said: bytes) -> str:
    text = " ".join(said.decode(errors="replace").split())[-400:]
    return (
        f"{program} of the toolchain {toolchain.name} failed its trial ({text}): run "
        "`palmetto toolchain ensure` again, or choose another that `palmetto toolchain list` shows."
    )
