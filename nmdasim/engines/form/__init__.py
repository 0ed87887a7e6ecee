"""The form of a model: one step as values, before any programming language.

A :class:`Form` says what the numbers of a lane are (records, flags, constants) and what is done to them in a step
(passes, the membrane of a tree, ports, the spike rule), in statements over SymPy expressions. Writers render it; those
of :mod:`nmdasim.engines.kernel` as Python that becomes machine code.
"""

from __future__ import annotations

from nmdasim.engines.form.build import Form, form

__all__ = ["Form", "form"]
