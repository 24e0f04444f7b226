"""The beginnings of proof trees, with real Coq."""

import time
from typing import TypeVar

from coq_checker.client import CheckerClient, FreeStatement
from prover import ProverSettings
from prover.budget import Budget
from prover.context import Context
from prover.coq import Coq
from prover.library import Library
from prover.ports import Question
from prover.runner import Runner
from prover.script import Node

from .proposing import Knowing

_R = TypeVar("_R", bound=Runner)


async def root_of(
    checker: CheckerClient, statement: str, context: str, runner: type[_R], *premises: str
) -> tuple[_R, Node]:
    """A runner for a theorem, with these premises and without CoqHammer, and the root of its tree."""
    target = FreeStatement(statement, context)
    settings = ProverSettings()
    coq = Coq(checker, target, Budget(60), settings)
    seen = await coq.run("", cpu_ms=5000)
    retriever = Knowing(*premises) if premises else None
    library = Library(coq, retriever, Question(target, seen.goals[0]), settings)
    return runner(Context(coq, settings, lambda event: None, time.monotonic, library), 0), Node(seen.goals[0])
