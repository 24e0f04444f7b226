"""How long evaluations of many theorems take on many checkers: measured times, and a simulation that stands on them."""
