"""Dual-exponential synapse: w·f·(exp(-t/τd) - exp(-t/τr)), its peak normalised to w, summed linearly over events."""

from __future__ import annotations


def equations(name: str) -> str:
    """Return the conductance ``g_<name>`` as the difference of a decaying and a rising state.

    The factor ``f`` makes one event's peak equal to its weight: with the peak at
    tp = τr τd/(τd - τr) ln(τd/τr), f = 1/(exp(-tp/τd) - exp(-tp/τr)).
    """
    return f"""
ds_{name}/dt = -s_{name}/tau_d_{name} : siemens
dr_{name}/dt = -r_{name}/tau_r_{name} : siemens
g_{name} = s_{name} - r_{name} : siemens
ratio_{name} = tau_r_{name}/tau_d_{name} : 1
f_{name} = 1/(ratio_{name}**(ratio_{name}/(1 - ratio_{name})) - ratio_{name}**(1/(1 - ratio_{name}))) : 1
"""


def port(name: str, weight: str) -> str:
    """Return what one event of conductance `weight` adds."""
    return f"s_{name} += {weight}*f_{name}; r_{name} += {weight}*f_{name}"
