"""Whether it was the machine that kept coqc from its work: no room to write, or no sandbox."""

import errno
import os
from pathlib import Path

# Less than any compiled file has.
_FULL_BYTES = 4096
_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
# What Python meets there besides; a name that is too long, say, is the project's own affair.
_MACHINE = (*_NUMBERS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_SANDBOX = "bwrap: "


class MachineFaultError(Exception):
    """coqc could not do its work, whatever the text; the exception's own text is one sentence with the remedy."""


def machine_fault(printed: str, located: bool, folder: Path) -> str | None:
    """Why coqc failed, if no text is to blame: what cannot be written, or the sandbox; None where the text may be.

    Args:
        printed: by coqc, which failed.
        located: it names a line of the text.
        folder: where coqc writes; it is there still.
    """
    if not located and printed.lstrip().startswith(_SANDBOX):
        return f"the sandbox does not start ({' '.join(printed.split())[:300]}): see `palmetto toolchain show`"
    said = next((os.strerror(number) for number in _NUMBERS if os.strerror(number) in printed), "")
    if located:
        # A text may write files of its own, and fail: where there is room that is its own affair.
        return cannot_write(folder, said) if said and _is_full(folder) else None
    if said or (not printed.strip() and _is_full(folder)):
        return cannot_write(folder, said or os.strerror(errno.ENOSPC))
    return None


def is_machine_fault(error: OSError) -> bool:
    """Whether it is the machine's state that an error tells of."""
    return error.errno in _MACHINE


def cannot_write(folder: Path, why: str) -> str:
    """What is full, or cannot be written otherwise: the beginning of a sentence, which the remedy is to follow."""
    try:
        free = os.statvfs(folder)
    except OSError:
        return f"{folder} cannot be written ({why})"
    room = f"{free.f_bavail * free.f_frsize / 1e6:.1f} of {free.f_blocks * free.f_frsize / 1e6:.1f} MB are free"
    return f"{folder} cannot be written ({why}; {room})"


def _is_full(folder: Path) -> bool:
    try:
        free = os.statvfs(folder)
    except OSError:
        return True
    return free.f_bavail * free.f_frsize < _FULL_BYTES or bool(free.f_files and not free.f_favail)
