"""`python -m truceline.cli`."""

from truceline.cli import main

main()
