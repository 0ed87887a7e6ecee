"""Published receptor physics, one idea a file."""

from nmdasim.receptors.ampa import ampa
from nmdasim.receptors.gaba import gaba
from nmdasim.receptors.magnesium import magnesium_block
from nmdasim.receptors.nk1 import nk1
from nmdasim.receptors.nmda import nmda
from nmdasim.receptors.trapping import EQUILIBRATED, WASHIN

__all__ = ["EQUILIBRATED", "WASHIN", "ampa", "gaba", "magnesium_block", "nk1", "nmda"]
