"""Formats of other simulators and of laboratories: read in, written out."""
