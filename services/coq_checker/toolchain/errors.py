"""The errors that this package raises; each message is one sentence for a person, and says what to do about it."""


class ToolchainError(Exception):
    """No usable toolchain."""


class UnusableError(ToolchainError):
    """An installation of Coq is there and runs, but no engine can: its version, or what it lacks.

    Attributes:
        version: of it, as numbers such as (8, 20, 1); empty where it is not known.
    """

    def __init__(self, message: str, version: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.version = version


class SuiteError(ToolchainError):
    """A suite of Debian does not give what a recipe needs, today: another one may."""
