"""Use-dependent trapping block of the NMDA pore by ketamine, reduced to one variable.

The drug binds only open pores that magnesium has left, and leaves only open pores: without agonist it neither enters
nor escapes. With a the agonist-bound activation, C the concentration and B(V) the magnesium-free share,

    db/dt = a·k_on·[C·B(V)·(1 - b) - K(V)·b],    K(V) = K₆₆·exp((V + 66 mV)/32 mV).

Competition with magnesium follows by itself: IC50(V, Mg) = K(V)/B(V).
"""

from __future__ import annotations

EQUATIONS = """
K_block = K_ketamine*exp((v - V_ketamine)/slope_ketamine) : mM
db_nmda/dt = a_nmda*k_on_ketamine*(ketamine*B_mg*(1 - b_nmda) - K_block*b_nmda) : 1
"""

#: Start with the block that long exposure at the starting potential would reach.
EQUILIBRATED = {"b_nmda": "ketamine*B_mg/(ketamine*B_mg + K_block)"}
#: Start with the drug just arrived: present, nothing bound yet.
WASHIN = {"b_nmda": "0"}
