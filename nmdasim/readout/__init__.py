"""Measures of a result."""
