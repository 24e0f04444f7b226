"""The benchmark of extraction."""
