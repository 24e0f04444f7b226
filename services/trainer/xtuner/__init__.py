"""The engine `xtuner`: full-parameter fine-tuning on GPUs, in an environment of its own."""
