"""The explorer: the models in one page for a browser, and the same page in a notebook."""

from nmdasim.explorer.explore import Explorer, explore

__all__ = ["Explorer", "explore"]
