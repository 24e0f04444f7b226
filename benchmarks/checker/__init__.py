"""The checker, measured against raw sertop and coqc in one run: `python -m benchmarks.checker`."""
