"""Filling: the open theorems of a file, and the edits that close them and leave every other byte."""

from prover.fill.begun import Begun
from prover.fill.edits import whole_edits
from prover.fill.finish import Filled, Finisher
from prover.fill.layout import Edit, apply
from prover.fill.places import Place, Unfinished, places

__all__ = ["Begun", "Edit", "Filled", "Finisher", "Place", "Unfinished", "apply", "places", "whole_edits"]
