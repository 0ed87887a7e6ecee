"""What is done to a model: wind-up trains, plain events, fibres that fire at random or in volleys."""

from nmdasim.protocols.events import Events
from nmdasim.protocols.sources import Poisson, Volleys
from nmdasim.protocols.windup import WindUp

__all__ = ["Events", "Poisson", "Volleys", "WindUp"]
