"""Finding the toolchain that is there: the host's own, a root that was named, or the Debian root."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.facts import facts_of
from coq_checker.toolchain.recipe import root_name
from coq_checker.toolchain.sandbox import sandbox_problem
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.value import Toolchain

ROOT_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"

# What an OCaml installation outside the system's own folders may need to find its parts.
_HOST_VARIABLES = ("CAML_LD_LIBRARY_PATH", "COQCORELIB", "COQLIB", "OCAMLFIND_CONF", "OCAMLPATH")


def find_toolchain(settings: ToolchainSettings | None = None) -> Toolchain:
    """Give the toolchain to use, without building anything.

    The sandbox is tried (some milliseconds); versions are asked the first time only.

    Args:
        settings: what is wanted; read from the environment by default.

    Raises:
        ToolchainError: there is none, it does not run, or the sandbox does not work here.
    """
    settings = settings or ToolchainSettings.from_environment()
    if settings.choice == "auto" and host_has_coq():
        return host_toolchain(settings)
    if settings.sandbox is SandboxMode.NONE:
        raise ToolchainError(
            "PALMETTO_SANDBOX=none runs sertop directly and so needs sertop and coqc on PATH: install "
            "them there, or unset it to use the Debian root through bwrap."
        )
    if settings.choice.startswith("/"):
        return root_toolchain(Path(settings.choice), settings)
    root = settings.roots / root_name()
    if not root.is_dir():
        raise ToolchainError(
            f"There is no Coq toolchain (no sertop on PATH, no root at {root}): run `palmetto toolchain ensure`."
        )
    return root_toolchain(root, settings)


def host_has_coq() -> bool:
    """Whether both sertop and coqc are on PATH."""
    return shutil.which("sertop") is not None and shutil.which("coqc") is not None


def host_toolchain(settings: ToolchainSettings) -> Toolchain:
    """Give the toolchain whose programs are on this process's PATH.

    Raises:
        ToolchainError: its programs do not run, or the sandbox does not work here.
    """
    _require_sandbox(settings, None)
    variables = tuple((name, os.environ[name]) for name in _HOST_VARIABLES if os.environ.get(name))
    path = os.environ.get("PATH", os.defpath)
    programs = tuple(Path(found).resolve() for name in ("sertop", "coqc") if (found := shutil.which(name)))
    unnamed = Toolchain("host", "", "", "", None, settings.sandbox, path, variables)
    facts = facts_of(unnamed, programs, settings.cache)
    return replace(
        unnamed,
        name=f"host-{facts.coq_version}",
        coq_version=facts.coq_version,
        sertop_version=facts.sertop_version,
        coqlib=facts.coqlib,
    )


def root_toolchain(root: Path, settings: ToolchainSettings) -> Toolchain:
    """Give the toolchain of a root directory.

    Raises:
        ToolchainError: no sertop in it, its programs do not run, or the sandbox does not work here.
    """
    programs = tuple(root / "usr/bin" / name for name in ("sertop", "coqc"))
    for program in programs:
        if not program.exists():
            raise ToolchainError(
                f"The toolchain root {root} has no {program.name} in usr/bin: give PALMETTO_TOOLCHAIN "
                "another directory, or unset it and run `palmetto toolchain ensure`."
            )
    _require_sandbox(settings, root)
    unnamed = Toolchain(root.name, "", "", "", root, settings.sandbox, ROOT_SEARCH_PATH)
    facts = facts_of(unnamed, programs, settings.cache)
    return replace(
        unnamed,
        coq_version=facts.coq_version,
        sertop_version=facts.sertop_version,
        coqlib=facts.coqlib,
    )


def _require_sandbox(settings: ToolchainSettings, root: Path | None) -> None:
    if settings.sandbox is SandboxMode.BWRAP and (problem := sandbox_problem(root)) is not None:
        raise ToolchainError(problem)
