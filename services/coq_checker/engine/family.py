"""A first process in its sandbox, with the folder that it and its forks share."""

import asyncio
import contextlib
import errno
import itertools
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from coq_checker.engine import process
from coq_checker.engine.api import EngineStartError
from coq_checker.engine.options import EngineOptions

# Coq allocates fast: a larger minor heap than OCaml's 256k words saves about 10 % of the CPU time.
_OCAML_PARAMETERS = "s=1M,o=400"
_END_TIMEOUT_S = 60.0
_SAID_CHARS = 500

# Processes that were killed and have not ended yet, each with the loop that hears of it. No tasks: a loop that ends
# has cancelled all that it had, and would leave new ones behind.
_ending: list[tuple[asyncio.AbstractEventLoop, asyncio.subprocess.Process]] = []


async def all_ended() -> None:
    """Waits until every engine that was killed is gone."""
    loop = asyncio.get_running_loop()
    # What another loop waited for, and did not live to see, is not ours.
    mine = [ending for whose, ending in _ending if whose is loop and ending.returncode is None]
    if mine:
        await asyncio.wait([asyncio.ensure_future(ending.wait()) for ending in mine], timeout=_END_TIMEOUT_S)


class Family:
    """What a first process and all its forks share.

    Attributes:
        options: how it was started.
        folder: its own, which it may write.
        root: the sandbox around it, once it is started.

    Args:
        options: how it is to be started.
        run_folder: where its folder is made.

    Raises:
        EngineStartError: no folder can be made.
    """

    def __init__(self, options: EngineOptions, run_folder: Path) -> None:
        self.options = options
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=run_folder))
        except OSError as error:
            raise no_folder(run_folder, error) from error
        self.root: asyncio.subprocess.Process | None = None
        self._run_folder = run_folder
        self._names = itertools.count()

    def new_path(self) -> Path:
        """A name in the folder that nothing has."""
        return self.folder / str(next(self._names))

    async def run(
        self,
        program: str,
        *arguments: str,
        stdin: int = asyncio.subprocess.DEVNULL,
        stdout: int = asyncio.subprocess.DEVNULL,
    ) -> asyncio.subprocess.Process:
        """Starts the first process.

        Raises:
            EngineStartError: it could not be started.
        """
        options = self.options
        argv: Sequence[str] = options.toolchain.command(
            program,
            *arguments,
            read_only=options.read_only,
            writable=[self.folder],
            private_tmp_bytes=options.private_tmp_bytes,
            env={"OCAMLRUNPARAM": _OCAML_PARAMETERS, "TMPDIR": "/tmp", **dict(options.environment)},
        )
        try:
            with self._log.open("wb") as stderr:
                self.root = await asyncio.create_subprocess_exec(
                    *argv, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
                )
        except OSError as error:
            self.end()
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise no_folder(self._run_folder, error) from error
            raise EngineStartError(f"Coq could not be started ({error}): run `palmetto toolchain ensure`.") from error
        return self.root

    @property
    def _log(self) -> Path:
        return self.folder / "stderr"

    def said(self) -> str:
        """What the first process has printed as errors, in one line."""
        with contextlib.suppress(OSError):
            printed = self._log.read_text(errors="replace").partition("\nRaised at ")[0].partition("\nCalled from ")[0]
            return " ".join(printed.split())[-_SAID_CHARS:] or "it printed nothing"
        return "it printed nothing"

    def end(self) -> None:
        """Kills all its processes and takes the folder away."""
        if self.root is not None and self.root.returncode is None:
            process.kill(self.root.pid)
            _ending[:] = [one for one in _ending if one[1].returncode is None]
            _ending.append((asyncio.get_running_loop(), self.root))
        shutil.rmtree(self.folder, ignore_errors=True)


def no_folder(run_folder: Path, error: OSError) -> EngineStartError:
    """The error where a folder cannot be made."""
    return EngineStartError(
        f"a session's folder cannot be made in {run_folder} ({error.strerror}): free some space there, "
        "or set PALMETTO_CHECKER_RUN_FOLDER to another one."
    )
