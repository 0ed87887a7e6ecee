"""What is done to a model: wind-up trains, plain events, stimuli of fibres, concentrations that vary during a run.

A protocol is any object with the members of :class:`Protocol`.
"""

from nmdasim.protocols import latencies, sensory
from nmdasim.protocols.course import Course
from nmdasim.protocols.events import Events
from nmdasim.protocols.given import Inputs, Several
from nmdasim.protocols.protocol import Arrival, Protocol
from nmdasim.protocols.sensory import Conditioning, Pressure, Stimulus
from nmdasim.protocols.sources import Poisson, Volleys
from nmdasim.protocols.strength import graded
from nmdasim.protocols.temporal_summation import TemporalSummation
from nmdasim.protocols.windup import WindUp

__all__ = [
    "Arrival",
    "Conditioning",
    "Course",
    "Events",
    "Inputs",
    "Poisson",
    "Pressure",
    "Protocol",
    "Several",
    "Stimulus",
    "TemporalSummation",
    "Volleys",
    "WindUp",
    "graded",
    "latencies",
    "sensory",
]
