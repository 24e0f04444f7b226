"""How a Coq process ended that is gone: by what it did itself, or killed from outside."""

import asyncio
import signal
import time

from coq_checker.engine import process
from coq_checker.engine.api import EngineCrashedError, EngineLostError

GONE = "the Coq process is gone"

# A pipe closes a moment before its process has ended: a long one where the machine is busy.
_TIMEOUT_S = 5.0
_POLL_S = 0.0004
_SIGNALS = frozenset(map(int, signal.Signals))
# Signals by which a process ends through what it does itself.
_OWN_FAULTS = frozenset((signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGSYS))


async def loss(pid: int, root: asyncio.subprocess.Process | None) -> EngineLostError:
    """The error of a process that nobody here has killed; what killed it from outside is no fault of what it worked on.

    Args:
        pid: of the process.
        root: the sandbox around it, where that ends with it.
    """
    status = await _exit_status(pid, root)
    if status is None:
        return EngineLostError(GONE)
    number = status & 0x7F
    if number == 0:
        return EngineCrashedError(f"Coq ended with exit status {status >> 8}")
    name = signal.Signals(number).name if number in _SIGNALS else f"signal {number}"
    if number in _OWN_FAULTS:
        return EngineCrashedError(f"Coq ended by {name}")
    return EngineLostError(f"the Coq process was killed by {name}")


async def _exit_status(pid: int, root: asyncio.subprocess.Process | None) -> int | None:
    """How the process ended, as `waitpid` tells it; None where nobody knows."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        status = process.exit_status(pid)
        if status is not None:
            return status
        if not process.running(pid):
            break
        await asyncio.sleep(_POLL_S)
    if root is None:
        return None
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            code = await root.wait()
    except TimeoutError:
        return None
    if code < 0:
        return -code
    # A sandbox tells of a signal as shells do.
    return code - 128 if code > 128 else code << 8
