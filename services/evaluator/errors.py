"""What the evaluator raises."""


class EvaluatorError(Exception):
    """An evaluation cannot go on; the text is one sentence with the remedy."""
