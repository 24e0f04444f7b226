"""`python -m palmetto`."""

from palmetto.cli import main

main()
