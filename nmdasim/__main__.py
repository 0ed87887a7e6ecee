"""``python -m nmdasim``."""

from nmdasim.command.app import main

main()
