"""The command line: ``nmdasim …``."""
