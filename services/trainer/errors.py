"""What goes wrong in training, as sentences."""


class TrainError(Exception):
    """The training cannot go on; the text is one sentence with the remedy."""
