"""Whole questions in one call."""
