"""Training: from an extracted data set to a checkpoint that the model server serves."""
