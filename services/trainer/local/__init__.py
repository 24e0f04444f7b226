"""The engine `local`: transformers on the CPU or one GPU."""
