"""Asking a program something: its answer, or within a time that it gave none."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence


class NoAnswerError(Exception):
    """A program did not end in time; the message goes on a sentence about it."""


def ask(command: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    """Run a program and give what it said; one that is late is killed, with all that it started.

    Args:
        command: its argument vector.
        timeout_s: how long it may take, in seconds.

    Raises:
        NoAnswerError: it took longer.
        OSError: it cannot be started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            said, complained = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            # What argv is would be half a page of the sandbox's options.
            raise NoAnswerError(f"it did not answer within {timeout_s:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, process.returncode, said, complained)
