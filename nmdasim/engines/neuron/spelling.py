"""Names in NMODL: those of the model, unless NMODL, NEURON or the generated C++ has one like it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TAKEN = """
t dt v area diam celsius i flag weight port i_membrane iml ppvar
NEURON SUFFIX POINT_PROCESS ARTIFICIAL_CELL RANGE GLOBAL NONSPECIFIC_CURRENT ELECTRODE_CURRENT USEION READ WRITE
PARAMETER ASSIGNED STATE INITIAL BREAKPOINT SOLVE METHOD DERIVATIVE KINETIC LINEAR NONLINEAR FUNCTION PROCEDURE LOCAL
NET_RECEIVE WATCH UNITS UNITSON UNITSOFF TITLE COMMENT ENDCOMMENT VERBATIM ENDVERBATIM TABLE FROM TO WITH DEPEND IF
ELSE WHILE INCLUDE CONSTANT DEFINE BEFORE AFTER STEP STEPPED START SWEEP MODEL PLOT VS LAG BY TERMINAL DISCRETE
FOR_NETCONS FUNCTION_TABLE PARTIAL DEL DEL2 CONSERVE COMPARTMENT LONGITUDINAL_DIFFUSION VALENCE POINTER BBCOREPOINTER
THREADSAFE PROTECT MUTEXLOCK MUTEXUNLOCK STEADYSTATE SENS SAVING FORALL INDEPENDENT EXTERNAL DESTRUCTOR CONSTRUCTOR
REPRESENTS RANDOM EQUATION MATCH REACTION REACT REACTANT IFERR LONGDIFUS NONLIN ASGN QUEUE ARGUMENTS RESET
if else while for do int double float char bool auto break case catch class const continue default delete enum explicit
export extern false friend goto inline long mutable namespace new operator private protected public register return
short signed sizeof static struct switch template this throw true try typedef union unsigned using virtual void
volatile and or not xor bitand bitor compl
exp log log10 sqrt sin cos tan asin acos atan atan2 sinh cosh tanh fabs abs floor ceil pow fmod exprel dexprel clip sign
shallow net_event net_send net_move at_time state_discontinuity nrn_random_pick
loc has_loc get_loc get_segment L Ra cm nseg rallbranch PI E e pi FARADAY R M_PI NAN INFINITY near far small std
printf error test states state initial create access insert
"""


class Spelling:
    """The spelling of names; a name that is taken is followed by underscores."""

    def __init__(self, states: Iterable[str] = ()):
        self._known: dict[str, str] = {}
        self._taken = set(_TAKEN.split())
        for state in states:  # NMODL itself makes of each state its start and its slope
            self._taken |= {f"{state}0", f"D{state}", f"_D{state}"}

    def __call__(self, name: str) -> str:
        """Return the spelling of a name of the model."""
        if name not in self._known:
            self._known[name] = self.free(name)
        return self._known[name]

    def free(self, wanted: str) -> str:
        """Return a name that nothing else has, and take it."""
        found = re.sub(r"\W", "_", wanted)
        while found in self._taken:
            found += "_"
        self._taken.add(found)
        return found

    def same(self, name: str, spelling: str) -> None:
        """Spell a name as something that is there already."""
        self._known[name] = spelling
