"""Stand-ins for programs, written as small shell scripts."""

import os
from pathlib import Path

import pytest

from coq_checker.toolchain import SandboxMode, ToolchainSettings

COQC = """
case "$1" in
  --print-version) echo "8.20.1 5.3.0";;
  -where) echo /opt/coq;;
esac
"""


def program(folder: Path, name: str, script: str) -> Path:
    """Write an executable script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a folder first on PATH."""
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def host_coq(folder: Path, monkeypatch: pytest.MonkeyPatch, sertop: str = "echo 0.20.0", coqc: str = COQC) -> None:
    """Put a stand-in sertop and coqc first on PATH."""
    program(folder, "sertop", sertop)
    program(folder, "coqc", coqc)
    on_path(folder, monkeypatch)


def installation(
    prefix: Path,
    version: str = "9.2",
    ocaml: str = "5.4.1",
    name: str = "rocq",
    compiler: str | None = "5.4.1",
    package: str | None = "rocq-runtime",
) -> Path:
    """Make a prefix as opam makes one: Coq, and where they are given a compiler and Coq's development files."""
    coqlib = prefix / "lib" / "coq"
    shift = '[ "$1" = c ] || exit 9; shift' if name == "rocq" else ""
    answers = f'case "$1" in --print-version) echo "{version} {ocaml}";; -where) echo {coqlib};; *) exit 9;; esac'
    program(prefix / "bin", name, f"{shift}\n{answers}")
    coqlib.mkdir(parents=True, exist_ok=True)
    vernac = prefix / "lib" / (package or "none") / "vernac"
    if package is not None:
        vernac.mkdir(parents=True, exist_ok=True)
        for file in ("vernac.cmxa", "vernacentries.cmi"):
            (vernac / file).touch()
    if compiler is not None:
        query = f'[ "$2" = {package}.vernac ] && echo {vernac}'
        program(prefix / "bin", "ocamlfind", f'case "$1" in ocamlopt) echo {compiler};; query) {query};; esac')
    return prefix


def without_host_coq(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the folders that hold a Coq off PATH, and a switch out of the environment."""
    names = ("sertop", "coqc", "rocq")
    kept = [one for one in os.environ["PATH"].split(":") if not any((Path(one) / name).exists() for name in names)]
    monkeypatch.setenv("PATH", ":".join(kept))
    monkeypatch.delenv("OPAM_SWITCH_PREFIX", raising=False)


def settings(cache: Path, choice: str = "auto", mode: SandboxMode | None = SandboxMode.NONE) -> ToolchainSettings:
    """Nothing but what is said; without a sandbox, unless said."""
    return ToolchainSettings(choice=choice, sandbox=mode, cache=cache)
