"""Search over tactics, and how proofs begin."""

from prover.search.diagonal import Search
from prover.search.moves import Move, moves
from prover.search.openings import TIDY, openings
from prover.search.trials import joins

__all__ = ["TIDY", "Move", "Search", "joins", "moves", "openings"]
