"""What every service shares: sentences, theorems, projects, the catalogue. No network, no processes."""
