"""What a toolchain holds, as rows for a person."""

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from coq_checker.toolchain.sandbox import sandbox_problem
from coq_checker.toolchain.settings import SandboxMode
from coq_checker.toolchain.value import Toolchain
from coq_checker.toolchain.wished import left_out

_ASK_TIMEOUT_S = 60.0
_PROVERS = ("eprover", "cvc4", "z3")
# CoqHammer takes these too, where they are there.
_MORE_PROVERS = ("cvc5", "vampire")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `palmetto toolchain show`.

    Attributes:
        key: a stable name for programs, such as `coq` or `library.flocq`.
        value: what a person reads.
        works: False where something is missing or broken.
    """

    key: str
    value: str
    works: bool = True


def describe(toolchain: Toolchain) -> list[Row]:
    """Give what there is to say about a toolchain: versions, engines, provers, libraries, what it lacks, sandbox."""
    contrib = toolchain.host_path(toolchain.coqlib) / "user-contrib"
    hammer = (contrib / "Hammer").is_dir()
    rows = [
        Row("name", toolchain.name),
        Row("coq", toolchain.coq_version),
        Row("engines", ", ".join(toolchain.engines)),
        Row("sertop", toolchain.sertop_version or "not installed"),
        Row("root", str(toolchain.root) if toolchain.root else "/ (the host's own)"),
        Row("coqlib", toolchain.coqlib),
        _sandbox_row(toolchain),
        Row("hammer", "CoqHammer" if hammer else "CoqHammer is not installed", hammer),
    ]
    rows += [_prover_row(toolchain, name) for name in _PROVERS]
    rows += [_prover_row(toolchain, name) for name in _MORE_PROVERS if _has(toolchain, name)]
    versions = _package_versions(toolchain)
    if versions:
        rows += [Row(f"library.{name}", version) for name, version in sorted(versions.items())]
    elif contrib.is_dir():
        names = sorted(entry.name for entry in contrib.iterdir() if entry.is_dir())
        rows += [Row(f"library.{name}", "installed") for name in names]
    # An image's is at the top.
    missing = left_out(toolchain.root or Path("/"))
    rows += [Row(f"missing.{package}", f"not installed: {why}", False) for package, why in missing.items()]
    return rows


def _sandbox_row(toolchain: Toolchain) -> Row:
    if toolchain.sandbox is SandboxMode.NONE:
        return Row("sandbox", "none: programs run directly, with your rights")
    problem = sandbox_problem(toolchain.root)
    return Row("sandbox", problem or "bwrap works", problem is None)


def _prover_row(toolchain: Toolchain, name: str) -> Row:
    found = _has(toolchain, name)
    return Row(name, "installed" if found else "not installed", found)


def _has(toolchain: Toolchain, program: str) -> bool:
    places = (PurePosixPath(place) / program for place in toolchain.search_path.split(":") if place)
    return any(toolchain.host_path(str(place)).is_file() for place in places)


def _package_versions(toolchain: Toolchain) -> dict[str, str]:
    """Library names and versions by the packages' own account; empty where dpkg does not know."""
    wanted = "${db:Status-Status} ${Package} ${Version}\\n"
    try:
        done = subprocess.run(
            toolchain.command("dpkg-query", "-W", "-f", wanted, "libcoq-*"),
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    versions = {}
    for line in done.stdout.decode(errors="replace").splitlines():
        status, package, version = (*line.split(" "), "", "")[:3]
        if status == "installed" and "ocaml" not in package:  # those are Coq's own parts
            versions[package.removeprefix("libcoq-")] = version.rpartition("-")[0] or version
    return versions
