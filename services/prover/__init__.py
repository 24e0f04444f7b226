"""The prover: a model's proofs, repaired, their holes filled; what is proved is said by the checker alone."""

from prover.events import Event, Finished, ProofVerdict
from prover.prover import Prover
from prover.settings import ProverSettings
from prover.task import ProveTask

__all__ = ["Event", "Finished", "ProofVerdict", "ProveTask", "Prover", "ProverSettings"]
