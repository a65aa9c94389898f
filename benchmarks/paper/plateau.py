"""The short plateau at 3.8 V and the growth of resistance: what the coupled side reaction gives, for which constants.

    python benchmarks/paper/plateau.py [docs/decomposition-plateau.png]

Calendered particles (coverage 0.3) are reported to show a short plateau at 3.8 V in the first charge and a rising
interface resistance, hot-calendered ones (0.95) neither (doi:10.1002/adfm.202305186). Constants are scanned over seven
decades of i_ox0, three driving forces, three conductivities and with or without self-limitation; the onset potential
only shifts i_ox0. The extra charge between 3.75 and 3.85 V against the run without side reaction measures the plateau.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case import Case
from asyncsoc.plotting.style import GREY, INK, LINES, colour, guide_lines, new_figure, source_note, styled
from asyncsoc.problem.build import prepare
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.response import respond

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

CAL, HOT_CAL = 0.3, 0.95
FORCES = ("potential", "reaction-energy", "both")
CONDUCTIVITIES = (1e-7, 1e-5, 1e-3)
LIMITS = (None, "10 nm")
SCALES = tuple(np.logspace(-6.0, 0.5, 9))
WINDOW = (3.75, 3.85)
"""V: where a plateau would lie."""
SHORT = (1.0, 30.0)
"""mA h/g: how long a short plateau is. Stronger reactions take the whole current and the voltage never rises again."""
SHOWN = (
    "side_reaction.driving_force=both",
    "side_reaction.film_conductivity=1e-5",
    "side_reaction.exchange_current_density=0.5",
)
CASE = {
    "particle": {"radius": "7.5 um"},
    "contact": {"kind": "cap", "coverage": CAL},
    "protocol": {"temperature": "60 degC", "steps": ["Charge at C/10 for 20 hours or until 4.2 V"]},
}
_ASKED = (MeasuredCurve("resistance", np.arange(3.0), np.ones(3), True, "", ""),)


@dataclass(frozen=True, eq=False)
class Charge:
    """A charge: capacity [mA h/g], cell voltage [V], interface resistance [ohm cm2 of electrode]."""

    capacity: Array
    voltage: Array
    resistance: Array

    def within(self) -> float:
        """Return the charge passed between the voltages of `WINDOW` [mA h/g]; up to its end where it stays below."""
        risen = np.maximum.accumulate(self.voltage)
        low, high = (float(np.interp(v, risen, self.capacity)) for v in WINDOW)
        return (high if risen[-1] > WINDOW[1] else float(self.capacity[-1])) - (
            low if risen[-1] > WINDOW[0] else float(self.capacity[-1])
        )

    def resistance_at(self, capacity: float) -> float:
        """Return the interface's resistance at a capacity."""
        return float(np.interp(capacity, self.capacity, self.resistance))


def charge(coverage: float, *overrides: str) -> Charge:
    """Carry a charge out; without overrides the side reaction is off."""
    mode = "coupled" if overrides else "off"
    case = Case.from_dict(CASE, [f"contact.coverage={coverage}", f"side_reaction.mode={mode}", *overrides])
    setup = prepare(case)
    response = respond(case, _ASKED)
    mass = setup.operators.volume * setup.cathode.density
    capacity = setup.member.constraints[0].target * response.time / (3600.0 * mass)
    return Charge(capacity, response.voltage, response.per_area * 1e4)


@dataclass(frozen=True)
class Scanned:
    """One set of constants: driving force, and extra charge near 3.8 V of both particles [mA h/g]."""

    force: str
    cal: float
    hot: float


def scan(scales: Sequence[float] = SCALES) -> list[Scanned]:
    """Return the extra charge of every set of constants."""
    plain = {coverage: charge(coverage).within() for coverage in (CAL, HOT_CAL)}
    found = []
    for force, conductivity, limit, scale in product(FORCES, CONDUCTIVITIES, LIMITS, scales):
        overrides = [
            f"side_reaction.driving_force={force}",
            f"side_reaction.film_conductivity={conductivity}",
            f"side_reaction.exchange_current_density={scale}",
            *([f"side_reaction.limiting_thickness={limit}"] if limit else []),
        ]
        cal, hot = (charge(coverage, *overrides).within() - plain[coverage] for coverage in (CAL, HOT_CAL))
        found.append(Scanned(force, cal, hot))
    return found


def _draw_voltages(axes: Axes) -> None:
    for index, (label, coverage) in enumerate((("Cal, f = 0.3", CAL), ("Hot-Cal, f = 0.95", HOT_CAL))):
        plain, coupled = charge(coverage), charge(coverage, *SHOWN)
        axes.plot(coupled.capacity, coupled.voltage, color=colour(index), label=label)
        axes.plot(plain.capacity, plain.voltage, color=colour(index), linewidth=1.2, linestyle=(0, (4, 2)))
    axes.axhspan(*WINDOW, color=GREY, alpha=0.15, linewidth=0.0)
    axes.set(
        xlabel="Capacity counted [mA h/g]", ylabel="Cell voltage [V vs Li/Li$^+$]", xlim=(0, 200), ylim=(3.55, 4.25),
        title="Constants that give Cal a plateau",
    )  # fmt: skip
    axes.legend(loc="lower right", title="dashed: without side reaction", title_fontsize=8.5)


def _draw_scan(axes: Axes, found: list[Scanned]) -> None:
    for force, shade in zip(FORCES, LINES[2:], strict=False):
        chosen = [one for one in found if one.force == force and one.cal > 0.01 and one.hot > 0.01]
        axes.plot([o.cal for o in chosen], [o.hot for o in chosen], "o", color=shade, markersize=4.0, label=force)
    ends = (1e-2, 400.0)
    axes.plot(ends, ends, color=INK, linewidth=1.0)
    axes.set(
        xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="Cal, extra charge near 3.8 V [mA h/g]",
        ylabel="Hot-Cal, the same [mA h/g]", title="Where Cal has a plateau, Hot-Cal has a longer one",
    )  # fmt: skip
    axes.legend(loc="lower right", title="driven by", title_fontsize=8.5)


def _draw_resistances(axes: Axes) -> None:
    default = ("side_reaction.exchange_current_density=1e-6",)
    for index, (label, coverage) in enumerate((("Cal, f = 0.3", CAL), ("Hot-Cal, f = 0.95", HOT_CAL))):
        plain, coupled = charge(coverage), charge(coverage, *default)
        axes.plot(coupled.capacity, coupled.resistance, color=colour(index), label=label)
        axes.plot(plain.capacity, plain.resistance, color=colour(index), linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set(xlabel="Specific capacity [mA h/g]", ylabel="Resistance [Ω cm² of electrode]", title="Default constants")
    axes.set_ylim(bottom=0.0)


@styled
def figure_of(found: list[Scanned]) -> Figure:
    """Return the figure of the documentation."""
    figure = new_figure(13.0, 4.3)
    left, middle, right = figure.subplots(1, 3)
    _draw_voltages(left)
    _draw_scan(middle, found)
    _draw_resistances(right)
    for axes in (left, middle, right):
        guide_lines(axes)
    source_note(
        figure,
        "NCM811 sphere, R = 7.5 µm, one round contact, 60 °C, C/10; PEO-LiTFSI, total energies. Left: driven by both, "
        "i_ox0 = 0.5 A/m² at 3.8 V, film 1e-5 S/m. Every constant is assumed.",
    )
    return figure


def main() -> None:
    """Scan, draw, and say what was found."""
    found = scan()
    visible = [one for one in found if SHORT[0] < one.cal < SHORT[1]]
    less = [one for one in visible if one.hot < one.cal]
    figure_of(found).savefig(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("plateau.png"))
    ratio = min(one.hot / one.cal for one in visible)
    sys.stdout.write(
        f"{len(found)} sets of constants; {len(visible)} give Cal {SHORT[0]:g} to {SHORT[1]:g} mA h/g more near 3.8 V\n"
        f"of these Hot-Cal has less in {len(less)}; it has at least {ratio:.2f} times as much\n"
    )


if __name__ == "__main__":
    main()
