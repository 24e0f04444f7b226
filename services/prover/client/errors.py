"""Why the prover did not answer."""


class ProverError(Exception):
    """The prover did not answer; the text is one sentence."""


class ProverDownError(ProverError):
    """It cannot be reached, or went away in the middle."""


class ProverRefusedError(ProverError):
    """It does not take the request as it is."""


class ProverBusyError(ProverError):
    """It has no room.

    Attributes:
        retry_after_s: when to try again.
    """

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
