"""``python -m nmdasim``."""

from nmdasim.cli import main

main()
