"""The model server: an OpenAI-compatible HTTP interface over several ways to make proofs."""
