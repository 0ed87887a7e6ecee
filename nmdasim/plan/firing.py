"""The spike rule of a model, as conditions over its states: its resets, its pause, and whether it fires without end."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from nmdasim import quantities
from nmdasim.errors import ExpressionError, ModelError
from nmdasim.language.evaluation import evaluate
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Outcome

_WEAK = {sp.StrictGreaterThan: sp.GreaterThan, sp.StrictLessThan: sp.LessThan}
_STATEMENT = re.compile(r"\s*([A-Za-z]\w*)\s*([+\-*/]?)=\s*(.+?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Firing:
    """The spike rule of a model.

    Parameters
    ----------
    threshold
        The condition under which it fires; false where there is none.
    resets
        (state, text of its new value), in the order in which they are set.
    condition
        The condition that ends a refractory period once it is false; None where the period is a duration or none.
    again
        Whether a neuron that has just fired, its reset done, fires again at once: a condition over the states as they
        were before the reset, over parameters and ``t``.
    """

    threshold: sp.Expr
    resets: tuple[tuple[str, str], ...]
    condition: sp.Expr | None
    again: sp.Expr

    def depends(self, states: Sequence[str]) -> bool:
        """Whether only a run can tell if it fires again at once."""
        return bool({s.name for s in self.again.free_symbols} & {*states, "t"})


@by_structure(maxsize=256)
def firing(model: Model) -> Firing:
    """Return the spike rule of a model."""
    names = (*model.parameters.bases, "t", "area")
    resets = tuple(_resets(model))
    if model.threshold is None:
        return Firing(sp.false, resets, None, sp.false)
    threshold = model.system.substitute(model.threshold, names)
    condition = model.system.substitute(str(model.refractory), names) if model.refractory_condition else None
    return Firing(threshold, resets, condition, _again(model, threshold, resets, names))


def _resets(model: Model) -> list[tuple[str, str]]:
    found = []
    for part in filter(str.strip, re.split(r"[;\n]", model.reset or "")):
        match = _STATEMENT.fullmatch(part)
        assert match is not None  # the model has checked it
        state, sign, text = match.groups()
        found.append((state, f"{state} {sign} ({text})" if sign else text))
    return found


def _again(model: Model, threshold: sp.Expr, resets: Sequence[tuple[str, str]], names: tuple[str, ...]) -> sp.Expr:
    after: dict[sp.Symbol, sp.Expr] = {}
    try:
        for state, text in resets:
            after[symbol(state)] = model.system.substitute(text, names).xreplace(after)
    except ExpressionError:  # drawn at random: no condition says what it will be
        return sp.false
    moving = {symbol(state) for state in model.system.states} | {symbol("t")}
    # A state put on its threshold, which it came up to, goes on from there.
    on = {one: _WEAK[one.func](*one.args) for one in threshold.atoms(*_WEAK)}
    on = {one: weak for one, weak in on.items() if not _names(weak.xreplace(after)) & moving}
    reached = threshold.xreplace(on).xreplace(after)
    return sp.And(reached, _ready(model, names, after))


def _names(expression: sp.Basic) -> set[sp.Symbol]:
    return {one for one in expression.free_symbols if isinstance(one, sp.Symbol)}


def _ready(model: Model, names: tuple[str, ...], after: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Return the condition under which no refractory period follows a spike."""
    given = model.refractory
    if given is None:
        return sp.true
    if not isinstance(given, str):
        return sp.true if np.all(quantities.si(given, "ms", name="refractory") == 0) else sp.false
    rule = model.system.substitute(given, names).xreplace(after)
    return sp.Not(rule) if model.refractory_condition else sp.Le(rule, 0)


def endless(model: Model) -> ModelError:
    """Return the error of a neuron that would fire without end."""
    reset = f"after its reset {model.reset!r} its" if model.reset else "it has no reset, so that after a spike its"
    return ModelError(
        f"{model.name}: {reset} threshold {model.threshold!r} still holds and no refractory period follows, so it "
        "would fire at every step without end; reset to where the threshold is false, or give refractory= a time"
    )


def check(cells: Cells) -> None:
    """Refuse a neuron that parameters alone let fire without end.

    Raises
    ------
    ModelError
        If the reset of some lane leaves its threshold true, with no refractory period.
    """
    rule = firing(cells.model)
    if rule.again is sp.false or rule.depends(cells.model.system.states):
        return
    here = cells.model.spike_site
    values = {name: v[:, [here if v.shape[1] > 1 else 0]] for name, v in cells.parameters.items()}
    if rule.again is sp.true or np.any(evaluate(sp.Piecewise((1, rule.again), (0, True)), values)):
        raise endless(cells.model)


def judged(cells: Cells, outcome: Outcome) -> Outcome:
    """Return an outcome in which lanes whose spike rule is no number at the end are broken too.

    A root of what fell below 0, say, leaves every state finite, and a neuron that seems to have stopped firing.
    """
    told = _told(cells.model)
    if not told or not outcome.final:
        return outcome
    here = cells.model.spike_site
    values = {name: v[:, here if v.shape[1] > 1 else 0] for name, v in cells.parameters.items()}
    values |= {state: np.nan_to_num(v[:, here]) for state, v in outcome.final.items()}  # NaN: not followed, or broken
    values["t"] = np.array([cells.origin + cells.duration])
    with np.errstate(all="ignore"):
        bad = np.any([np.broadcast_to(np.isnan(evaluate(one, values)), cells.lanes) for one in told], axis=0)
    return (
        dataclasses.replace(outcome, broken=np.union1d(outcome.broken, np.flatnonzero(bad))) if bad.any() else outcome
    )


@by_structure(maxsize=256)
def _told(model: Model) -> tuple[sp.Expr, ...]:
    """Return the numbers on which a spike rule depends, but for those that are finite as long as states are."""
    rule, names = firing(model), (*model.parameters.bases, "t", "area")
    conditions = [one for one in (rule.threshold, rule.condition) if one is not None]
    sides = [
        side for one in conditions for relation in one.atoms(sp.core.relational.Relational) for side in relation.args
    ]
    if isinstance(model.refractory, str) and rule.condition is None:
        sides.append(model.system.substitute(model.refractory, names))
    return tuple(dict.fromkeys(side for side in sides if not side.is_polynomial()))
