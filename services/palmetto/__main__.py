"""`python -m palmetto`, and what the `palmetto` command runs."""

import os
import signal
import sys

from palmetto.streams import TERMINAL_OPTION


def main() -> None:
    """Loads the command and runs it. While it loads, an interrupt just ends the process: nothing is there to undo."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _in_utf8()
    from palmetto.cli import main as run  # noqa: PLC0415 - most of a second

    run()


def _in_utf8() -> None:
    """Begins anew in Python's UTF-8 mode where the locale has another encoding.

    Names of files are UTF-8 to Coq and to the services, and can be told to Python only as it starts.
    """
    if sys.getfilesystemencoding() == "utf-8" or "utf8" in sys._xoptions:
        return
    shown = next((one.encoding for one in (sys.stdout, sys.stderr) if one is not None), "ascii")
    options = ("-X", "utf8", "-X", f"{TERMINAL_OPTION}={shown}")
    os.execv(sys.executable, [sys.executable, *options, *sys.orig_argv[1:]])


if __name__ == "__main__":
    main()
