"""What a person can set about the toolchain: environment variables, and the default that `toolchain use` keeps."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from coq_checker.toolchain.default import kept_default, settings_file
from coq_checker.toolchain.errors import ToolchainError
from coq_checker.toolchain.names import require_name
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
        choice: the name of the toolchain that is meant where none is named: `auto` (this machine's own Coq if there
            is one that works, else what Palmetto builds), or any that `find_toolchain` takes.
        sandbox: how programs are run; None for `bwrap` where it may make a sandbox, and, for this machine's own Coq,
            no sandbox where it may not.
        cache: folder of everything that is built once and found again: roots and what is known of them.
        prebuilt: engines were compiled beforehand (PALMETTO_PLUGINS), as in images, which have no compiler.
    """

    choice: str
    sandbox: SandboxMode | None
    cache: Path
    prebuilt: bool = False

    @staticmethod
    def from_environment(environ: Mapping[str, str] | None = None) -> "ToolchainSettings":
        """Read PALMETTO_TOOLCHAIN, PALMETTO_SANDBOX, PALMETTO_CACHE and PALMETTO_PLUGINS; an empty one is not set.

        Where PALMETTO_TOOLCHAIN is not set, what `palmetto toolchain use` kept is the choice.

        Raises:
            ToolchainError: a value that means nothing.
        """
        given = os.environ if environ is None else environ
        if choice := given.get("PALMETTO_TOOLCHAIN"):
            choice = require_name(choice, f"PALMETTO_TOOLCHAIN is {choice!r}: set it to")
        elif choice := kept_default(given):
            said = f"{settings_file(given)} names the toolchain {choice!r}: run `palmetto toolchain use` with"
            choice = require_name(choice, said)
        mode = given.get("PALMETTO_SANDBOX")
        try:
            sandbox = SandboxMode(mode) if mode else None
        except ValueError:
            raise ToolchainError(f"PALMETTO_SANDBOX is {mode!r}: set it to 'bwrap' or to 'none'.") from None
        return ToolchainSettings(
            choice=choice or "auto",
            sandbox=sandbox,
            cache=cache_folder(given),
            prebuilt=bool(given.get("PALMETTO_PLUGINS")),
        )

    @property
    def roots(self) -> Path:
        """The folder that Debian roots are built in."""
        return self.cache / "toolchains"
