"""Running a command as root, and installing the few programs that the toolchain stands on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from coq_checker.toolchain.errors import ToolchainError

Progress = Callable[[str], None]


def as_root(command: Sequence[str], purpose: str) -> list[str]:
    """Give the argument vector that runs `command` as root: itself for root, through sudo for others.

    Args:
        command: what to run.
        purpose: ends the sentence "root rights are needed to ...".

    Raises:
        ToolchainError: not root, and sudo is missing or would ask for a password with nobody to answer.
    """
    if os.geteuid() == 0:
        return list(command)
    if shutil.which("sudo") is None:
        raise ToolchainError(
            f"Root rights are needed to {purpose} and sudo is not installed: run it as root once, or use "
            "a Coq of your own (docs/toolchains.md)."
        )
    quiet = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    if not quiet and not sys.stdin.isatty():
        raise ToolchainError(
            f"Root rights are needed to {purpose} and sudo asks for a password: run `sudo -v` first or "
            "run it in a terminal, or use a Coq of your own (docs/toolchains.md)."
        )
    return ["sudo", *(["-n"] if quiet else []), *command]


def install_missing(programs: Mapping[str, tuple[str, ...]], progress: Progress) -> None:
    """Install the packages of those programs that are not there, with apt-get.

    Args:
        programs: from a program's name to the Debian packages that bring it and what it needs.
        progress: told what happens.

    Raises:
        ToolchainError: no apt-get here, no root rights, or apt-get failed.
    """
    missing = [name for name in programs if shutil.which(name, path=_search_path()) is None]
    if not missing:
        return
    packages = sorted({package for name in missing for package in programs[name]})
    listed = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise ToolchainError(
            f"{' and '.join(missing)} not found, and this system has no apt-get: install {listed} with its "
            "own package manager, or use a Coq of your own (docs/toolchains.md)."
        )
    progress(f"installing {listed}")
    install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "--no-install-recommends"]
    for step in (["apt-get", "-qq", "update"], [*install, "install", *packages]):
        done = subprocess.run(
            as_root(step, f"install {listed}"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace").strip().splitlines()
            last = said[-1].strip() if said else f"exit status {done.returncode}"
            raise ToolchainError(
                f"apt-get could not install {listed} ({last}): see that the package mirror can be reached, "
                f"then run `apt-get update` and `apt-get install {listed}` as root."
            )


def _search_path() -> str:
    """PATH with the folders of system programs, which ordinary users often do not have on theirs."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
