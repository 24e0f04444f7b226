"""A client of the prover's HTTP service."""

from prover.client.aio import ProverClient
from prover.client.errors import ProverBusyError, ProverDownError, ProverError, ProverRefusedError

__all__ = ["ProverBusyError", "ProverClient", "ProverDownError", "ProverError", "ProverRefusedError"]
