"""opam's switches: which hold Coq, and where they are. Switches are read as folders; opam itself need not be there."""

import os
import shutil
import subprocess
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError

SWITCH_PREFIX = "opam:"

_ASK_TIMEOUT_S = 30.0
_LOCAL = "_opam"


def opam_root() -> Path:
    """The folder that opam keeps its switches in."""
    return Path(os.environ.get("OPAMROOT") or "~/.opam").expanduser().absolute()


def holds_coq(prefix: Path) -> bool:
    """Whether an installation's prefix has Coq among its programs."""
    return any((prefix / "bin" / name).is_file() for name in ("coqc", "rocq"))


def is_path(name: str) -> bool:
    """Whether a name is a path: of a switch, that of its project."""
    return "/" in name or name in (".", "..", "~")


def switches() -> list[str]:
    """The names of the switches that hold Coq."""
    try:
        return sorted(entry.name for entry in opam_root().iterdir() if holds_coq(entry))
    except OSError:
        return []


def switch_prefix(name: str) -> Path:
    """The folder of a switch.

    Args:
        name: as `opam switch list` has it; a local switch by the path of its project.

    Raises:
        ToolchainError: there is no such switch, or it holds no Coq.
    """
    if is_path(name):
        prefix: Path | None = Path(name).expanduser().absolute() / _LOCAL
    else:
        kept = opam_root() / name
        prefix = kept if kept.is_dir() else _asked(name)
    if prefix is None or not prefix.is_dir():
        there = ", ".join(switches()) or "none"
        raise ToolchainError(f"There is no opam switch {name!r}: give another (with Coq: {there}).")
    if not holds_coq(prefix):
        raise ToolchainError(
            f"The opam switch {name} at {prefix} holds no Coq: run `opam install rocq-prover --switch={name}` "
            "or give another switch."
        )
    return prefix


def _asked(name: str) -> Path | None:
    """What opam says; None where it is not installed or knows no such switch."""
    if shutil.which("opam") is None:
        return None
    try:
        done = subprocess.run(
            ["opam", "var", f"--switch={name}", "prefix"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.decode(errors="replace").strip()
    return Path(said) if done.returncode == 0 and said.startswith("/") else None
