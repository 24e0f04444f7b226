"""The portfolio: what closes a goal without a model."""

from prover.portfolio.closers import may_shelve
from prover.portfolio.fill import Effort, Filler
from prover.portfolio.tools import find_tools

__all__ = ["Effort", "Filler", "find_tools", "may_shelve"]
