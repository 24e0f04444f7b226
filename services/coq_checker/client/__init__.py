"""The client: typed results, async (`CheckerClient`) and blocking (`SyncCheckerClient`)."""

from coq_checker.client.aio import CheckerClient, CheckItem
from coq_checker.client.errors import (
    CheckerError,
    DeadlineExceededError,
    EnvironmentFailedError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    UnavailableError,
    UnreachableError,
)
from coq_checker.client.messages import FreeStatement, Options, Soundness, TheoremRef
from coq_checker.client.session import Session, State, StepFailedError
from coq_checker.client.sync import SyncCheckerClient
from coq_checker.client.types import CheckedTheorem, ProjectInfo, TheoremInfo, ToolchainInfo, Traced, TracedStep
from coq_checker.goals import Existential, Goal, Hypothesis
from coq_checker.result import ProofResult, Reason, SecondOpinion, Timings, Verdict

__all__ = [
    "CheckItem",
    "CheckedTheorem",
    "CheckerClient",
    "CheckerError",
    "DeadlineExceededError",
    "EnvironmentFailedError",
    "Existential",
    "FreeStatement",
    "Goal",
    "Hypothesis",
    "InvalidRequestError",
    "NotFoundError",
    "Options",
    "OverloadedError",
    "ProjectInfo",
    "ProofResult",
    "Reason",
    "SecondOpinion",
    "Session",
    "Soundness",
    "State",
    "StepFailedError",
    "SyncCheckerClient",
    "TheoremInfo",
    "TheoremRef",
    "Timings",
    "ToolchainInfo",
    "Traced",
    "TracedStep",
    "UnavailableError",
    "UnreachableError",
    "Verdict",
]
