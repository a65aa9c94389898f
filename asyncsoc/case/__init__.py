"""The case: one run described, validated and hashed; data only."""

from asyncsoc.case.case import Case
from asyncsoc.case.chemistry import Electrolyte, Material
from asyncsoc.case.contact import Contact
from asyncsoc.case.kinetics import Kinetics
from asyncsoc.case.particle import Particle
from asyncsoc.case.schedule import Cycle, Output, Protocol, Solver
from asyncsoc.case.side_reaction import SideReaction

__all__ = [
    "Case",
    "Contact",
    "Cycle",
    "Electrolyte",
    "Kinetics",
    "Material",
    "Output",
    "Particle",
    "Protocol",
    "SideReaction",
    "Solver",
]
