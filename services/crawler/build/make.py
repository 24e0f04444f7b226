"""A project's own make, in the sandbox: not to compile, but to learn what it would compile and to get what it writes.

The make runs on a copy in a file system of its own, of limited size, with no network and nothing else to write on. Its
`coqc` and `rocq c` only write down what they are asked to do, and leave an empty file where the compiled one would be:
the files are compiled by the crawler itself afterwards. What comes out is a tar on the standard output, and is trusted
in nothing.
"""

import asyncio
import contextlib
import io
import os
import shutil
import signal
import tarfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from coqdata.project import LoadOptions, LoadPath
from crawler.build.limited import LimitedToolchain
from crawler.settings import CrawlerSettings
from crawler.tree import FILE_TIME

_OUTPUT_BYTES = 1 << 16
_ARCHIVE_BYTES = 256 << 20
_FILES = 20_000
_LOG = "palmetto.log"
_WORK = "/tmp/project"

# The archive goes to descriptor 3, which the project's programs do not have.
_SCRIPT = f"""
set -u
cp -R --preserve=mode,timestamps "$1" {_WORK} && cd {_WORK} || exit 90
exec 3>&1 1>&2
(
  if [ -f configure ] && [ ! -f Makefile ]; then sh ./configure; fi
  make -k -j1
) 3>&- </dev/null
status=$?
find . -type f \\( -name '*.v' -o -name _CoqProject \\) -newermt @{FILE_TIME + 86400} -print0 > /tmp/made
tar --create --null --no-recursion --files-from=/tmp/made -C /tmp {_LOG} >&3
exit "$status"
"""

# One line for each call, its words apart from each other by a unit separator.
_COQC = f"""log=/tmp/{_LOG}
{{ printf '%s' "$PWD"; for word in "$@"; do printf '\\037%s' "$word"; done; printf '\\n'; }} >> "$log"
for word in "$@"; do
  case "$word" in
    --version|-v|--print-version|-print-version|-where|--where|-config|--config) exec REAL "$@";;
  esac
done
for word in "$@"; do
  case "$word" in
    *.v) : > "${{word}}o"; : > "${{word%.v}}.glob"; : > "${{word}}os"; : > "${{word}}ok";;
  esac
done
"""
# Makefiles of Rocq 9 compile by this one, whose other commands are its own.
_ROCQ = """case "$1" in
  c|compile) shift;;
  *) exec REAL "$@";;
esac
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a make told and wrote.

    Attributes:
        options: load path of its calls of coqc, with absolute folders; None where it made none.
        files: what it would compile, from the project's folder, in its order.
        written: Coq files that it wrote: path from the project's folder, and text.
        status: of make.
        ended: why it was stopped (`time`, `output`); empty where it came to its end.
        said: the end of what it printed.
    """

    options: LoadOptions | None = None
    files: tuple[str, ...] = ()
    written: tuple[tuple[str, bytes], ...] = ()
    status: int = 0
    ended: str = ""
    said: str = ""


def make_program() -> str | None:
    """Where this machine has make; None where it has none."""
    return shutil.which("make")


def _tools(folder: Path, toolchain: LimitedToolchain) -> None:
    """The programs that stand before the toolchain's own: make, where that has none, and a coqc that writes down."""
    folder.mkdir(parents=True, exist_ok=True)
    places = [place for place in toolchain.search_path.split(":") if place]
    own = next((place for place in places if toolchain.host_path(f"{place}/make").is_file()), None)
    program = make_program()
    if own is None and program is not None:
        shutil.copy(program, folder / "make")

    def place_of(program: str) -> str | None:
        return next((f"{one}/{program}" for one in places if toolchain.host_path(f"{one}/{program}").exists()), None)

    def put(name: str, text: str) -> None:
        shim = folder / name
        shim.write_text(f"#!/bin/sh\n{text}", "utf-8")
        shim.chmod(0o755)

    def real(words: tuple[str, ...]) -> str:
        return " ".join([place_of(words[0]) or words[0], *words[1:]])

    programs = toolchain.programs
    compile_ = _COQC.replace("REAL", real(programs.compiler))
    put("coqc", compile_)
    if (rocq := place_of("rocq")) is not None:
        put("rocq", _ROCQ.replace("REAL", rocq) + compile_)
    # What Makefiles still call where there is only `rocq`.
    for name, words in (("coqdep", programs.dependencies), ("coq_makefile", programs.makefile)):
        if place_of(name) is None:
            put(name, f'exec {real(words)} "$@"\n')


async def run_make(root: Path, tools: Path, toolchain: LimitedToolchain, settings: CrawlerSettings) -> Made:
    """Runs a project's make; whatever it does is an answer.

    Args:
        root: the project's folder; it is only read.
        tools: a folder of the crawler's for programs.
        toolchain: whose sandbox it runs in.
        settings: limits.

    Raises:
        OSError: the folder for programs cannot be written.
    """
    await asyncio.to_thread(_tools, tools, toolchain)
    argv = toolchain.command(
        "sh",
        "-c",
        _SCRIPT,
        "sh",
        str(root),
        read_only=[root, tools],
        private_tmp_bytes=settings.disk_bytes,
        env={"PATH": f"{tools}:{toolchain.search_path}", "COQBIN": "", "OPAMYES": "1"},
    )
    child = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None and child.stderr is not None
    ended = ""
    archive, said = bytearray(), bytearray()
    reading = asyncio.gather(_drain(child.stderr, said), _fill(child.stdout, archive), child.wait())
    try:
        async with asyncio.timeout(settings.make_wall_s):
            await reading
    except TimeoutError:
        ended = "time"
    except _TooMuchError:
        ended = "output"
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
            await child.wait()
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, _TooMuchError):
            await reading
    text = said.decode("utf-8", "replace")
    return await asyncio.to_thread(_read, bytes(archive), root, child.returncode or 0, ended, text)


class _TooMuchError(Exception):
    """More came out than is taken."""


async def _drain(stream: asyncio.StreamReader, into: bytearray) -> None:
    while chunk := await stream.read(_OUTPUT_BYTES):
        into += chunk
        del into[:-_OUTPUT_BYTES]


async def _fill(stream: asyncio.StreamReader, into: bytearray) -> None:
    while chunk := await stream.read(1 << 20):
        into += chunk
        if len(into) > _ARCHIVE_BYTES:
            raise _TooMuchError


def _read(archive: bytes, root: Path, status: int, ended: str, said: str) -> Made:
    log, written = b"", []
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for count, member in enumerate(tar):
                if count > _FILES:
                    break
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    continue
                name = member.name.removeprefix("./")
                if name == _LOG:
                    log = content.read()
                elif name.endswith(".v"):
                    written.append((name, content.read()))
    except (tarfile.TarError, ValueError, EOFError, OSError):
        pass  # it is what came before the end that counts
    options, files = _asked(log, root)
    return Made(options, files, tuple(written), status, ended, " ".join(said.split())[-500:])


def _asked(log: bytes, root: Path) -> tuple[LoadOptions | None, tuple[str, ...]]:
    """Load path and files of the calls of coqc."""
    paths: dict[LoadPath, None] = {}
    arguments: list[str] = []
    files: dict[str, None] = {}
    for line in log.decode("utf-8", "replace").splitlines():
        place, *words = line.split("\x1f")
        here = _inside(place, ".", root)
        if here is None:
            continue
        given = iter(words)
        for word in given:
            if word in ("-R", "-Q"):
                folder = _inside(place, next(given, "."), root)
                name = next(given, "")
                if folder is not None:
                    paths[LoadPath(folder, name, word == "-R")] = None
            elif word in ("-w", "-set", "-unset"):
                value = next(given, "")
                if (word, value) not in list(pairwise(arguments)):
                    arguments += [word, value]
            elif word.startswith("-"):
                if word in ("-noinit", "-indices-matter", "-impredicative-set") and word not in arguments:
                    arguments.append(word)
            elif word.endswith(".v") and (file := _inside(place, word, root)) is not None:
                files[file.relative_to(root).as_posix()] = None
    return (LoadOptions(tuple(paths), (), tuple(arguments)) if files else None), tuple(files)


def _inside(place: str, word: str, root: Path) -> Path | None:
    """The project's path for one in the copy; None for what is not in it."""
    path = os.path.normpath(os.path.join(place, word))  # noqa: PTH118 (it need not be there)
    if path != _WORK and not path.startswith(f"{_WORK}/"):
        return None
    return root / path[len(_WORK) :].lstrip("/")
