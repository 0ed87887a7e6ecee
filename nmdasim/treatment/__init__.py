"""Treatment: slow states over days to two years, and from a regimen to a rating of pain.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from nmdasim.treatment.burden import Burden, burden
from nmdasim.treatment.fit import Fit, fit
from nmdasim.treatment.run import simulate
from nmdasim.treatment.slow import slow_model
from nmdasim.treatment.states import State, states
from nmdasim.treatment.trials import Trial, compare, trial, trials

__all__ = [
    "Burden",
    "Fit",
    "State",
    "Trial",
    "burden",
    "compare",
    "fit",
    "simulate",
    "slow_model",
    "states",
    "trial",
    "trials",
]
