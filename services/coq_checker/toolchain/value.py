"""A toolchain as a value: what it is, and the argument vector that runs one of its programs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from coq_checker.toolchain.programs import COQ, Programs
from coq_checker.toolchain.sandbox import (
    DEFAULT_PRIVATE_TMP_BYTES,
    SandboxRequest,
    bwrap_command,
    direct_command,
)
from coq_checker.toolchain.settings import SandboxMode
from coq_checker.toolchain.versions import findlib_package
from coqdata.releases import standard_libraries, version_numbers


class CommandOptions(TypedDict, total=False):
    """What `Toolchain.command` takes by name."""

    read_only: Sequence[Path]
    writable: Sequence[Path]
    private_tmp_bytes: int | None
    env: Mapping[str, str] | None
    network: bool
    working_directory: Path | None


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One Coq or Rocq with its libraries and provers, and what can be made with it.

    Attributes:
        name: what people and requests call it: `coq-8.20`, `path`, `opam:NAME` or a folder.
        coq_version: as `coqc --print-version` says, such as `8.20.1`.
        sertop_version: SerAPI's own version; `unknown` where it does not tell, empty where there is no SerAPI.
        coqlib: the directory that `coqc -where` prints, as programs inside see it.
        root: the directory mounted at `/` for its programs; None when it is one of this machine's own.
        sandbox: how programs are run.
        search_path: PATH as programs inside see it.
        environment: further variables that its programs need, as pairs.
        programs: how its programs are called.
        identity: names this very installation, in letters that a folder's name may have; see `key`.
        engines: what can check proofs with it: `native`, `serapi`, in the order in which they are to be taken.
        shared: directories that its programs need and that the sandbox would hide.
    """

    name: str
    coq_version: str
    sertop_version: str
    coqlib: str
    root: Path | None
    sandbox: SandboxMode
    search_path: str
    environment: tuple[tuple[str, str], ...] = ()
    programs: Programs = COQ
    identity: str = ""
    engines: tuple[str, ...] = ()
    shared: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """A name for what is made with it and kept, such as compiled files: another installation has another."""
        return self.identity or self.name

    @property
    def version(self) -> tuple[int, ...]:
        """Coq's version as numbers to compare, such as (8, 20, 1); of a release candidate those of the release."""
        return version_numbers(self.coq_version)

    @property
    def findlib_package(self) -> str:
        """The findlib package of Coq's OCaml libraries: `coq-core`, or `rocq-runtime` from 9.0 on."""
        return findlib_package(self.version)

    @property
    def standard_library(self) -> str:
        """The logical root of its standard library: `Coq`, or `Stdlib` from 9.0 on."""
        return self.standard_libraries[0]

    @property
    def standard_libraries(self) -> tuple[str, ...]:
        """The standard library's root, and `Corelib` where the prover brings that beside it."""
        return standard_libraries(self.version)

    @property
    def library_folders(self) -> dict[str, Path]:
        """Where this machine has the libraries that are installed with it, by the logical root of each.

        They are in the order in which they need each other, as far as they are the standard library's.
        """
        lib = self.host_path(self.coqlib)
        *others, core = self.standard_libraries
        contrib = lib / "user-contrib"
        installed = sorted(contrib.iterdir()) if contrib.is_dir() else []
        found = {core: lib / "theories"} | {folder.name: folder for folder in installed if folder.is_dir()}
        first = [root for root in (core, *others) if root in found]
        return {root: found[root] for root in (*first, *found)}

    def host_path(self, inside: str | Path) -> Path:
        """Where this machine keeps the file that programs of the toolchain see as `inside`."""
        if self.root is None:
            return Path(inside)
        return self.root / str(inside).lstrip("/")

    def ocamlpath(self, *folders: Path | str) -> str:
        """OCAMLPATH for its programs: folders of findlib's packages, before those that it needs itself."""
        own = dict(self.environment).get("OCAMLPATH", "")
        return os.pathsep.join([*map(str, folders), *([own] if own else [])])

    def command(
        self,
        program: str,
        *args: str,
        read_only: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        private_tmp_bytes: int | None = DEFAULT_PRIVATE_TMP_BYTES,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        working_directory: Path | None = None,
    ) -> list[str]:
        """Give the argument vector that runs `program` with `args` in the sandbox.

        The program sees the toolchain read-only, the given directories at the paths they have on this
        machine, and a `/tmp` of its own; it has no network, no privileges and no other processes, and is
        killed when the thread that started it ends, so start it from a thread that lives long enough.

        Args:
            program: a name on the toolchain's PATH, or an absolute path inside.
            args: its arguments.
            read_only: existing directories or files that it may read.
            writable: existing directories that it may also write. Where a directory is inside another one,
                the inner one's rule holds for it, whichever was named first.
            private_tmp_bytes: how much its private `/tmp` may hold; None for the kernel's own limit.
            env: further environment variables; nothing is inherited from this process.
            network: True to let it reach the network.
            working_directory: where it starts; its `/tmp` by default.

        With the sandbox mode `none` the directories, the size and the network are the container's business
        and only the environment and the working directory are arranged.
        """
        variables = {
            "PATH": self.search_path,
            "HOME": "/tmp",
            "LC_ALL": "C.UTF-8",
            **dict(self.environment),
            **(env or {}),
        }
        request = SandboxRequest(
            root=self.root,
            read_only=(*self.shared, *read_only),
            writable=tuple(writable),
            private_tmp_bytes=private_tmp_bytes,
            variables=variables,
            network=network,
            working_directory=working_directory or Path("/tmp"),
        )
        if self.sandbox is SandboxMode.NONE:
            return direct_command(request, program, *args)
        return bwrap_command(request, program, *args)

    def coqc_command(self, *args: str, **options: Unpack[CommandOptions]) -> list[str]:
        """As `command`, for the program that compiles files."""
        return self._program(self.programs.compiler, args, options)

    def coqtop_command(self, *args: str, **options: Unpack[CommandOptions]) -> list[str]:
        """As `command`, for the toplevel."""
        return self._program(self.programs.toplevel, args, options)

    def coqchk_command(self, *args: str, **options: Unpack[CommandOptions]) -> list[str]:
        """As `command`, for the program that checks compiled files."""
        return self._program(self.programs.checker, args, options)

    def coqdep_command(self, *args: str, **options: Unpack[CommandOptions]) -> list[str]:
        """As `command`, for the program that tells what files require."""
        return self._program(self.programs.dependencies, args, options)

    def coq_makefile_command(self, *args: str, **options: Unpack[CommandOptions]) -> list[str]:
        """As `command`, for the program that makes Makefiles."""
        return self._program(self.programs.makefile, args, options)

    def _program(self, words: tuple[str, ...], args: tuple[str, ...], options: CommandOptions) -> list[str]:
        return self.command(words[0], *words[1:], *args, **options)
