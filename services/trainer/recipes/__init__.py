"""Training configurations that a person can read and edit."""
