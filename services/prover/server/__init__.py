"""The prover's HTTP service."""

from prover.server.headers import SecurityHeaders
from prover.server.main import ServeError, serve
from prover.server.settings import ProverServerSettings

__all__ = ["ProverServerSettings", "SecurityHeaders", "ServeError", "serve"]
