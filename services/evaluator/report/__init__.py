"""Compares experiments: the figures (`compare`), and how they are shown.

Each way to show them is a module of its own with one function: `terminal.show`, `markdown.render`, `html.render`,
`values.values` for JSON.
"""

from evaluator.report.comparison import Comparison, compare
from evaluator.report.experiment import Experiment, ReportError, an_experiment
from evaluator.report.palm import Recorded

__all__ = ["Comparison", "Experiment", "Recorded", "ReportError", "an_experiment", "compare"]
