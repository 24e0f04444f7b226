"""What the prover proves on PALM's projects, with several models, and the record of all that was run."""
