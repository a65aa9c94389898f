"""The same reaction energies through pymatgen, which is independent of `pseudo_binary`."""

from __future__ import annotations

from typing import Any

from asyncsoc.materials.thermochemistry.formula import element_name
from asyncsoc.materials.thermochemistry.pseudo_binary import PseudoBinary


def interfacial_reactivity(problem: PseudoBinary) -> Any:
    """Return pymatgen's InterfacialReactivity of the same reactants, phases, kind and reservoir.

    Its `minimum` is (x, E) with E in eV/atom as `PseudoBinary.minimum().energy`; closed, x is the mixing fraction y.
    The reactants' energies are set on the object: pymatgen would replace those above the elements by hull energies.
    """
    from pymatgen.analysis import interface_reactions as reactions
    from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
    from pymatgen.core.composition import Composition as PymatgenComposition
    from pymatgen.core.periodic_table import Element

    rivals = problem.competition
    listed = (*rivals.phases, problem.cathode, problem.electrolyte)
    space = sorted({element for phase in listed for element in phase.composition})
    entries = [PDEntry(PymatgenComposition(dict(phase.composition)), phase.energy) for phase in listed]
    named = {phase.formula for phase in rivals.phases}
    entries += [PDEntry(PymatgenComposition(e), 0.0) for e in space if element_name(e) not in named]
    first, second = (PymatgenComposition(dict(phase.composition)) for phase in listed[-2:])
    diagram = PhaseDiagram(entries)
    if rivals.potential is None:
        route = reactions.InterfacialReactivity(first, second, diagram, norm=True, use_hull_energy=True)
    else:
        open_diagram = GrandPotentialPhaseDiagram(entries, {Element("Li"): -rivals.potential})
        route = reactions.GrandPotentialInterfacialReactivity(
            first, second, open_diagram, diagram, include_no_mixing_energy=False, norm=True, use_hull_energy=True
        )
    if problem.kind == "total":
        route.e1, route.e2 = problem.ends
    return route
