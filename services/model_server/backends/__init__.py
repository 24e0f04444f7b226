"""What makes answers, chosen by the settings."""
