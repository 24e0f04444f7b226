"""The one error that this package raises."""


class ToolchainError(Exception):
    """No usable toolchain. The message is one sentence for a person, and says what to do about it."""
