"""What is done to a model: wind-up trains and plain events."""

from nmdasim.protocols.events import Events
from nmdasim.protocols.windup import WindUp

__all__ = ["Events", "WindUp"]
