"""What a proof may rest on when the kernel itself can be wrong: its features, and the bugs that are known."""
