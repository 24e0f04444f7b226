"""A toolchain as a value: what it is, and the argument vector that runs one of its programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coq_checker.toolchain.sandbox import (
    DEFAULT_PRIVATE_TMP_BYTES,
    SandboxRequest,
    bwrap_command,
    direct_command,
)
from coq_checker.toolchain.settings import SandboxMode


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One Coq with its SerAPI, hammers and libraries.

    Attributes:
        name: the name that people and requests use, such as `debian-trixie-0f3a...` or `host-8.20.1`.
        coq_version: as `coqc --print-version` says, such as `8.20.1`.
        sertop_version: SerAPI's own version, `unknown` where it does not tell.
        coqlib: the directory that `coqc -where` prints, as programs inside see it.
        root: the directory mounted at `/` for its programs; None when the host's own Coq is used.
        sandbox: how programs are run.
        search_path: PATH as programs inside see it.
        environment: further variables that its programs need, as pairs.
    """

    name: str
    coq_version: str
    sertop_version: str
    coqlib: str
    root: Path | None
    sandbox: SandboxMode
    search_path: str
    environment: tuple[tuple[str, str], ...] = ()

    def host_path(self, inside: str | Path) -> Path:
        """Where this machine keeps the file that programs of the toolchain see as `inside`."""
        if self.root is None:
            return Path(inside)
        return self.root / str(inside).lstrip("/")

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
            read_only=tuple(read_only),
            writable=tuple(writable),
            private_tmp_bytes=private_tmp_bytes,
            variables=variables,
            network=network,
            working_directory=working_directory or Path("/tmp"),
        )
        if self.sandbox is SandboxMode.NONE:
            return direct_command(request, program, *args)
        return bwrap_command(request, program, *args)
