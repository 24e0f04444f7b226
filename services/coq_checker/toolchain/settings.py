"""What a person can set about the toolchain, all of it by environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from coq_checker.toolchain.errors import ToolchainError
from coqdata.catalogue import cache_folder


class SandboxMode(Enum):
    """How the toolchain's programs are kept from the rest of the machine."""

    BWRAP = "bwrap"
    """Every program runs through bubblewrap: own namespaces, read-only file system, no network."""

    NONE = "none"
    """Programs run directly: for a container that is the sandbox itself."""


@dataclass(frozen=True, slots=True)
class ToolchainSettings:
    """Which toolchain is wanted and where built ones are kept.

    Attributes:
        choice: `auto` (a sertop on PATH if there is one, else the Debian root), `debian` (the Debian root
            even so), or the absolute path of a root directory that holds a Debian system with Coq.
        sandbox: how programs are run.
        cache: folder of everything that is built once and found again: roots and what is known of them.
    """

    choice: str
    sandbox: SandboxMode
    cache: Path

    @staticmethod
    def from_environment(environ: Mapping[str, str] | None = None) -> "ToolchainSettings":
        """Read PALMETTO_TOOLCHAIN, PALMETTO_SANDBOX, PALMETTO_CACHE; an empty one counts as not set.

        Raises:
            ToolchainError: a value that means nothing.
        """
        given = os.environ if environ is None else environ
        choice = given.get("PALMETTO_TOOLCHAIN") or "auto"
        if choice not in ("auto", "debian") and not choice.startswith("/"):
            raise ToolchainError(
                f"PALMETTO_TOOLCHAIN is {choice!r}: set it to 'auto', to 'debian', "
                "or to the absolute path of a root directory."
            )
        mode = given.get("PALMETTO_SANDBOX") or "bwrap"
        try:
            sandbox = SandboxMode(mode)
        except ValueError:
            raise ToolchainError(f"PALMETTO_SANDBOX is {mode!r}: set it to 'bwrap' or to 'none'.") from None
        return ToolchainSettings(choice=choice, sandbox=sandbox, cache=cache_folder(given))

    @property
    def roots(self) -> Path:
        """The folder that Debian roots are built in."""
        return self.cache / "toolchains"
