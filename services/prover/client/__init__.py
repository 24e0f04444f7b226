"""A client of the prover's HTTP service."""

from prover.client.aio import ProverClient
from prover.client.errors import ProverBusyError, ProverDownError, ProverError, ProverRefusedError
from prover.codes import ErrorCode

__all__ = ["ErrorCode", "ProverBusyError", "ProverClient", "ProverDownError", "ProverError", "ProverRefusedError"]
