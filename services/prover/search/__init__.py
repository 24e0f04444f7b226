"""Search over tactics, and how proofs begin."""

from prover.search.diagonal import LAST, SHORT, Search
from prover.search.moves import Move, moves
from prover.search.openings import TIDY, openings, steps_back
from prover.search.trials import joins

__all__ = ["LAST", "SHORT", "TIDY", "Move", "Search", "joins", "moves", "openings", "steps_back"]
