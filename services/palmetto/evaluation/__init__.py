"""What the evaluator stands on here: provers, coqc, recordings, and an experiment as a person asks for it."""
