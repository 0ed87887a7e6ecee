"""Published numbers as data: one table a paper, and the references that they come from. Own files load by path."""

from nmdasim.parameters.references import bibliography
from nmdasim.parameters.tables import load, mechanism, parameters_of, read_table

__all__ = ["bibliography", "load", "mechanism", "parameters_of", "read_table"]
