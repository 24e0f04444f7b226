"""`python -m palmetto`, and what the `palmetto` command runs."""

import signal


def main() -> None:
    """Loads the command and runs it. While it loads, an interrupt just ends the process: nothing is there to undo."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from palmetto.cli import main as run  # noqa: PLC0415 - most of a second

    run()


if __name__ == "__main__":
    main()
