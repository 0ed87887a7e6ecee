"""Treatment: slow states over days to two years, and from a regimen to a rating of pain.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from nmdasim.treatment.run import simulate
from nmdasim.treatment.slow import slow_model
from nmdasim.treatment.states import State, states

__all__ = ["State", "simulate", "slow_model", "states"]
