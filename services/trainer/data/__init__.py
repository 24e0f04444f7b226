"""An extracted data set as training data: read as a stream, split by project, tokenized without truncation."""

from trainer.data.source import DataSet, Example, open_data
from trainer.data.split import Split, split_of
from trainer.data.tokens import Encoder, Packed, pack

__all__ = ["DataSet", "Encoder", "Example", "Packed", "Split", "open_data", "pack", "split_of"]
