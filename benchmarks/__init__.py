"""What is measured, one command each."""

import os


def pin_toolchain() -> None:
    """Work with Coq 8.20, which the figures are of, where PALMETTO_TOOLCHAIN does not say another."""
    os.environ.setdefault("PALMETTO_TOOLCHAIN", "coq-8.20")
