"""Has every claimed proof compiled again by coqc, in its original file."""

from evaluator.verify.verify import Verifier

__all__ = ["Verifier"]
