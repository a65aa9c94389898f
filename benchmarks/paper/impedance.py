"""Interface resistance against voltage while charging (P7): calendered and hot-calendered particles with side reaction.

    python benchmarks/paper/impedance.py [docs/images/impedance_paper.png]

The paper (doi:10.1002/adfm.202305186, Fig. 3f, S17, S19) shows spectra measured while charging as pictures: the
resistance of Cal is the higher one at the start and grows, that of Hot-Cal stays flat. There is no number to compare.
Here both are particles of 7.5 um with one round contact, of a coverage of 0.3 and 0.95, charged at C/10 and 60 degC
with the coupled side reaction and its default constants, all of which are assumed. Spectra are of frozen states.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import asyncsoc as aso
from asyncsoc.plotting.style import colour, guide_lines, new_figure, source_note, styled
from asyncsoc.simulation.impedance.operating_point import kept_states

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
CAL, HOT_CAL = 0.3, 0.95
FREQUENCIES = np.geomspace(1e-3, 1e5, 33)
STATES = 9
GROWS = 1.1
"""Ratio from which on a resistance counts as growing."""


@dataclass(frozen=True, eq=False)
class Charging:
    """A particle while it is charged, resistances in ohm cm2 of electrode.

    Attributes
    ----------
    name
        Of the cathode.
    voltage : (k,)
        V.
    true
        Resistance of the interface, with film and side reaction.
    film
        The film's part of it.
    circuit
        As an experimenter reads it: the arc of an equivalent circuit.
    at_rest
        The true one where the current has been switched off in every state: it leaves out that a current makes the
        slope of a rate law steeper.
    """

    name: str
    voltage: Array
    true: Array
    film: Array
    circuit: Array
    at_rest: Array


def charging(name: str, coverage: float) -> Charging:
    """Charge a particle, and take its impedance at states of the charge."""
    case = aso.Case.from_dict(
        {
            "particle": {"radius": "7.5 um"},
            "contact": {"kind": "cap", "coverage": coverage},
            "side_reaction": {"mode": "coupled"},
            "protocol": {"temperature": "60 degC", "steps": ["Charge at C/10 until 4.2 V"]},
            "output": {"fields_every": "10 min"},
        }
    )
    run = aso.simulate(case)
    times = kept_states(run)
    chosen = [times[k] for k in np.linspace(1, len(times) - 1, STATES).round().astype(int)]
    spectra = [run.impedance(FREQUENCIES, at=time) for time in chosen]
    scale = spectra[0].electrode_area * 1e4
    x = [
        float(run.columns["Contact-mean stoichiometry"][np.argmin(np.abs(run.columns["Time [s]"] - t))]) for t in chosen
    ]
    rest = [_at_rest(case, one, stoichiometry) for one, stoichiometry in zip(spectra, x, strict=True)]
    return Charging(
        name,
        np.array([one.at["voltage [V]"] for one in spectra]),
        np.array([one.interface_resistance for one in spectra]) * scale,
        np.array([one.parts["film"].real[0] for one in spectra]) * scale,
        np.array([one.fit.interface_resistance for one in spectra]) * scale,
        np.array(rest) * scale,
    )


def _at_rest(case: aso.Case, frozen: aso.ImpedanceSpectrum, stoichiometry: float) -> float:
    """Return charge transfer without current at the stoichiometry under the contact, and the film as it was."""
    keys: dict[str, Any] = case.model_dump(exclude_unset=True)
    keys["protocol"] = {**keys["protocol"], "initial_stoichiometry": stoichiometry}
    keys["side_reaction"] = {"mode": "off"}
    bare = aso.EISSimulation(aso.Case.from_dict(keys), graded=False).solve([1.0], at="initial")
    return bare.interface_resistance + float(frozen.parts["film"].real[0])


@styled
def figure_of(found: list[Charging]) -> Figure:
    """Return the resistances against voltage."""
    figure = new_figure(6.8, 4.4)
    axes = figure.subplots()
    for number, one in enumerate(found):
        axes.plot(one.voltage, one.true, color=colour(number), marker="o", markersize=3.5, label=f"{one.name}, true")
        axes.plot(
            one.voltage,
            one.circuit,
            color=colour(number),
            linestyle=(0, (4, 2)),
            label=f"{one.name}, equivalent circuit",
        )
        axes.plot(one.voltage, one.at_rest, color=colour(number), linestyle=":", label=f"{one.name}, without current")
    axes.set(xlabel="Cell voltage [V vs Li/Li$^+$]", ylabel="Interface resistance [Ω cm² of electrode]")
    axes.set_ylim(0.0, 1.35 * max(float(one.at_rest.max()) for one in found))
    axes.legend(ncols=2, fontsize=8.0, loc="upper left")
    guide_lines(axes)
    source_note(
        figure,
        "NCM811 sphere, R = 7.5 µm, one round contact, 60 °C, C/10; every constant of the side reaction assumed.",
    )
    return figure


def verdict(found: list[Charging]) -> str:
    """Return in words what the trend of the paper is and what is computed."""
    cal, hot = found
    grown = [float(one.at_rest[-1] / one.at_rest.min()) for one in found]
    higher = bool(cal.true[0] > hot.true[0])
    return (
        f"Cal is {'higher' if higher else 'lower'} at the start by a factor {cal.true[0] / hot.true[0]:.2f}; without "
        f"current the resistance grows from its minimum to 4.2 V by a factor {grown[0]:.2f} (Cal) and {grown[1]:.2f} "
        f"(Hot-Cal). Paper: Cal higher at the start and growing, Hot-Cal flat; no number to compare. Order at the "
        f"start: {'as in the paper' if higher else 'not as in the paper'}; growth of Cal alone: "
        f"{'as in the paper' if grown[0] > GROWS > grown[1] else 'not reproduced with these constants'}."
    )


def both() -> list[Charging]:
    """Charge Cal and Hot-Cal."""
    return [charging("Cal, f = 0.3", CAL), charging("Hot-Cal, f = 0.95", HOT_CAL)]


def main() -> None:
    """Charge both, print their resistances, and draw them where a file is named."""
    found = both()
    for one in found:
        sys.stdout.write(f"{one.name}: interface resistance [ohm cm2 of electrode]\n")
        sys.stdout.write("  voltage [V]   true   film   equivalent circuit   without current\n")
        for row in zip(one.voltage, one.true, one.film, one.circuit, one.at_rest, strict=True):
            sys.stdout.write("  {:11.3f} {:6.0f} {:6.1f} {:20.0f} {:17.0f}\n".format(*row))
    sys.stdout.write(verdict(found) + "\n")
    if len(sys.argv) > 1:
        figure_of(found).savefig(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
