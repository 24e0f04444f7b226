"""The trial of a new toolchain: a real proof through coqc and one through sertop, in the sandbox."""

import subprocess
import tempfile
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.value import Toolchain

_TRIAL_TIMEOUT_S = 300.0

_COQC_SOURCE = """\
Require Import Lia.
From Hammer Require Import Tactics.
Theorem below (n m : nat) : n < m -> n + 1 <= m.
Proof. lia. Qed.
Theorem swap (A B : Prop) : A /\\ B -> B /\\ A.
Proof. sauto. Qed.
"""

# A wrong proof must be refused just as a right one is accepted.
_SERTOP_INPUT = b"""\
(Add () "Theorem right : 1 + 1 = 2. Proof. reflexivity. Qed.")
(Exec 5)
(Add () "Theorem wrong : 1 + 1 = 3. Proof. reflexivity. Qed.")
(Exec 9)
"""


def try_toolchain(toolchain: Toolchain) -> None:
    """Compile a file with coqc, and check a right and a wrong proof with sertop.

    Raises:
        ToolchainError: an answer is not the expected one.
    """
    with tempfile.TemporaryDirectory(prefix="palmetto-trial-") as name:
        source = Path(name) / "Trial.v"
        source.write_text(_COQC_SOURCE, encoding="utf-8")
        command = toolchain.command("coqc", str(source), writable=(Path(name),))
        done = _run(command, b"")
        if done.returncode != 0:
            raise ToolchainError(_failed(toolchain, "coqc", done.stderr or done.stdout))
        if not source.with_suffix(".vo").exists():
            raise ToolchainError(_failed(toolchain, "coqc", b"it wrote no .vo file"))
    done = _run(toolchain.command("sertop", "--printer=sertop"), _SERTOP_INPUT)
    answers = [line for line in done.stdout.splitlines() if line.startswith(b"(Answer")]
    refused = [line for line in answers if b"CoqExn" in line]
    if not answers or not all(line.startswith(b"(Answer 3") for line in refused) or not refused:
        raise ToolchainError(_failed(toolchain, "sertop", done.stderr or b"its answers are not the expected ones"))


def _run(command: list[str], given: bytes) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=_TRIAL_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"The new toolchain could not be tried ({error}): try again.") from None


def _failed(toolchain: Toolchain, program: str, said: bytes) -> str:
    text = " ".join(said.decode(errors="replace").split())[-400:]
    return (
        f"{program} of the toolchain {toolchain.name} failed its trial ({text}): run "
        "`palmetto toolchain ensure` again, or put a working sertop on PATH."
    )
