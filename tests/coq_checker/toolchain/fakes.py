"""Stand-ins for programs, written as small shell scripts."""

import os
from pathlib import Path

import pytest

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


def host_coq(folder: Path, monkeypatch: pytest.MonkeyPatch, sertop: str = "echo 0.20.0", coqc: str = COQC) -> None:
    """Put a stand-in sertop and coqc first on PATH."""
    program(folder, "sertop", sertop)
    program(folder, "coqc", coqc)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def without_host_coq(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the folders that hold a sertop off PATH."""
    kept = [one for one in os.environ["PATH"].split(":") if not (Path(one) / "sertop").exists()]
    monkeypatch.setenv("PATH", ":".join(kept))
