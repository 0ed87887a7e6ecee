"""Published receptor physics, one idea a file."""

from nmdasim.receptors.ampa import ampa
from nmdasim.receptors.antagonists import competitive, glycine_site
from nmdasim.receptors.blockers import Blocker, block, blocker, ic50
from nmdasim.receptors.dosing import dosed, medicated
from nmdasim.receptors.gaba import gaba
from nmdasim.receptors.magnesium import magnesium_block
from nmdasim.receptors.nk1 import nk1
from nmdasim.receptors.nmda import nmda
from nmdasim.receptors.scheme import Scheme, Transition
from nmdasim.receptors.schemes import scheme
from nmdasim.receptors.subtypes import Subtype, mixture, subtype
from nmdasim.receptors.tonic import tonic_nmda, with_tonic
from nmdasim.receptors.trapping import EQUILIBRATED, WASHIN

__all__ = [
    "EQUILIBRATED",
    "WASHIN",
    "Blocker",
    "Scheme",
    "Subtype",
    "Transition",
    "ampa",
    "block",
    "blocker",
    "competitive",
    "dosed",
    "gaba",
    "glycine_site",
    "ic50",
    "magnesium_block",
    "medicated",
    "mixture",
    "nk1",
    "nmda",
    "scheme",
    "subtype",
    "tonic_nmda",
    "with_tonic",
]
