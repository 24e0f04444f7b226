"""How often the strict policy refuses what is right, and whether it can be got past."""
