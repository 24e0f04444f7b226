"""The sandbox: bubblewrap's argument vector for one program, and whether bubblewrap works here.

The program's file system is put together from read-only mounts of a root and the directories that the
caller names, each at the path that it has on this machine.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coq_checker.toolchain.asking import NoAnswerError, ask

DEFAULT_PRIVATE_TMP_BYTES = 256 * 1024 * 1024

_BWRAP_MINIMUM = (0, 7)  # the first release whose --tmpfs takes a --size
_PROBE_TIMEOUT_S = 30.0

# Of a Debian root only these are shown; the rest (home, root, srv ...) is empty or made by bwrap itself.
_ROOT_DIRECTORIES = ("etc", "opt", "usr", "var")

# Of the host's own file system these are hidden: /run holds the sockets of services, which a read-only
# mount does not close.
_HIDDEN = ("/run",)

HIDDEN_DIRECTORIES = (Path("/tmp"), *map(Path, _HIDDEN))
"""What programs do not see of the host's own file system unless it is shared."""


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """What one program in the sandbox may see and have; see `Toolchain.command`."""

    root: Path | None
    read_only: tuple[Path, ...]
    writable: tuple[Path, ...]
    private_tmp_bytes: int | None
    variables: Mapping[str, str]
    network: bool
    working_directory: Path


def bwrap_command(request: SandboxRequest, program: str, *args: str) -> list[str]:
    """Give the argument vector that runs a program through bubblewrap."""
    argv = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if request.network:
        argv.append("--share-net")
    shared = sorted(
        [(_absolute(path), "--ro-bind") for path in request.read_only]
        + [(_absolute(path), "--bind") for path in request.writable],
        key=lambda one: len(one[0].parts),
    )
    if request.root is None:
        argv += ["--ro-bind", "/", "/"]
        for hidden in _HIDDEN:
            argv += ["--size", "65536", "--tmpfs", hidden]
        shared = [(_on_host_root(path), flag) for path, flag in shared]
    else:
        argv += _root_mounts(request.root, frozenset(path for path, _ in shared))
    argv += ["--proc", "/proc", "--dev", "/dev"]
    if request.private_tmp_bytes is not None:
        argv += ["--size", str(request.private_tmp_bytes)]
    argv += ["--tmpfs", "/tmp"]
    for path, flag in shared:
        argv += [flag, str(path), str(path)]
    # What bwrap made by itself to mount things on is memory that nobody limits: closed, as the last step.
    closed = ("/dev", *(_HIDDEN if request.root is None else ("/",)))
    for path_made in closed:
        argv += ["--remount-ro", path_made]
    argv += ["--chdir", str(request.working_directory), "--clearenv"]
    for name, value in request.variables.items():
        argv += ["--setenv", name, value]
    return [*argv, "--", program, *args]


def direct_command(request: SandboxRequest, program: str, *args: str) -> list[str]:
    """Give the argument vector that runs a program without a sandbox, with the same clean environment."""
    # The kernel's parent-death signal stands in for what bubblewrap's --die-with-parent does.
    bound = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
    variables = [f"{name}={value}" for name, value in request.variables.items()]
    return [*bound, "env", "-i", "-C", str(request.working_directory), *variables, program, *args]


def _absolute(path: Path) -> Path:
    """The path as it was named, links kept, unless it has `..` parts: only the file system solves those."""
    return path.resolve() if ".." in path.parts else path.absolute()


def _on_host_root(path: Path) -> Path:
    """Where to mount a directory over the host's own root.

    A symbolic link cannot be a mount point; the root, mounted as it is, has the link, so mounting what it
    leads to serves. Below a private directory there are no links, and the name is made as it is.
    """
    private = ("/tmp", *_HIDDEN)
    return path if any(path.is_relative_to(place) for place in private) else path.resolve()


def _root_mounts(root: Path, points: frozenset[Path]) -> Iterator[str]:
    """Mount a Debian root so that every path of `points` can be a mount point in it."""
    for entry in sorted(root.iterdir()):
        inside = Path("/", entry.name)
        if entry.is_symlink():
            yield from ("--symlink", str(entry.readlink()), str(inside))
        elif entry.name in _ROOT_DIRECTORIES:
            yield from _mounted(root, inside, points)


def _mounted(root: Path, inside: Path, points: frozenset[Path]) -> Iterator[str]:
    """Mount one directory of the root, opened where a mount point has to be made below it.

    Nothing can be made in a read-only mount: a directory that lacks a mount point is made anew, with
    each of its entries mounted by itself.
    """
    source = root / str(inside)[1:]
    below = [point for point in points if inside in point.parents and not (root / str(point)[1:]).exists()]
    if not below:
        yield from ("--ro-bind", str(source), str(inside))
        return
    yield from ("--dir", str(inside))
    for entry in sorted(source.iterdir()):
        if entry.is_symlink():
            yield from ("--symlink", str(entry.readlink()), str(inside / entry.name))
        elif entry.is_dir():
            yield from _mounted(root, inside / entry.name, points)
        else:
            yield from ("--ro-bind", str(entry), str(inside / entry.name))


def sandbox_problem(root: Path | None = None) -> str | None:
    """Run `true` in the sandbox; None when that works, else one sentence with what to do about it.

    Args:
        root: the Debian root to try it with; the host's own file system by default.
    """
    if shutil.which("bwrap") is None:
        return "bwrap is not installed: install the package bubblewrap, or run `palmetto toolchain ensure`."
    version = _bwrap_version()
    if version is not None and version < _BWRAP_MINIMUM:
        found, needed = (".".join(map(str, one)) for one in (version, _BWRAP_MINIMUM))
        return f"bwrap is version {found} and {needed} is needed: install a newer bubblewrap."
    request = SandboxRequest(root, (), (), 65536, {"PATH": "/usr/bin:/bin"}, False, Path("/tmp"))
    try:
        done = ask(bwrap_command(request, "true"), _PROBE_TIMEOUT_S)
    except (OSError, NoAnswerError) as error:
        return f"bwrap could not be run ({error}): reinstall the package bubblewrap."
    if done.returncode == 0:
        return None
    said = " ".join(done.stderr.decode(errors="replace").split()) or f"exit status {done.returncode}"
    return (
        f"bwrap may not make a sandbox here ({said}): allow user namespaces (sysctl "
        "kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0), start the "
        "container with --privileged, or set PALMETTO_SANDBOX=none where the container has Coq on its "
        "PATH and is the sandbox itself."
    )


def _bwrap_version() -> tuple[int, ...] | None:
    try:
        done = ask(["bwrap", "--version"], _PROBE_TIMEOUT_S)
    except (OSError, NoAnswerError):
        return None
    numbers = re.search(r"(\d+(?:\.\d+)+)", done.stdout.decode(errors="replace"))
    return tuple(int(part) for part in numbers[1].split(".")) if numbers else None
