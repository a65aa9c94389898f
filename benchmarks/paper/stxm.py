"""P1: Ni4+/Ni3+ along four regions of a fragment, Cal 1.37 to 0.75, Hot-Cal 0.97 to 1.07.

    python -m benchmarks.paper.stxm                        # read the stored scan, docs/paper_stxm.csv
    python -m benchmarks.paper.stxm --scan [-o FILE]       # scan again: asyncsoc stxm scan examples/stxm.toml

The scan (constant D from 1e-18 to 3e-14 m2/s, R from 1.25 to 10 um, f from 0.05 to 1, rests up to a day, charges to an
equal mean stoichiometry and to 4.0 V) is compared with the ratios in the paper's text (doi:10.1002/adfm.202305186,
Fig. 4q): a particle counts as compatible if mean and difference of the stoichiometries of regions 1 and 4 agree within
0.04. No constant is picked by hand: the verdict says for which of those scanned it holds.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from asyncsoc.base.files import write_text
from asyncsoc.case import Case
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.studies.stxm.compatible import CAL, HOT_CAL, Gradient, scan_gradients
from asyncsoc.studies.stxm.microscope import Microscope, stoichiometry_of
from asyncsoc.studies.stxm.saving import gradient_csv
from asyncsoc.studies.stxm.sensitivity_of import detection_limit

ROOT = Path(__file__).parents[2]
STORED = ROOT / "docs" / "paper_stxm.csv"
EXAMPLE = ROOT / "examples" / "stxm.toml"
THICKNESSES = (0.1e-6, 0.2e-6, 0.5e-6, 1e-6)


def stored(path: Path = STORED) -> list[Gradient]:
    """Return the gradients of a stored scan."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Gradient(
                row["condition"],
                float(row["diffusivity [m2/s]"]),
                float(row["radius [m]"]),
                float(row["coverage"]),
                float(row["rest [s]"]),
                row["reached"] == "yes",
                float(row["mean stoichiometry"]),
                float(row["voltage [V]"]),
                tuple(float(row[f"region {k}"]) for k in range(1, 5)),
            )
            for row in csv.DictReader(lines)
        ]


def verdict(found: list[Gradient], valence: ValenceModel) -> list[str]:
    """Return what the scan says, a line a statement."""
    lines = []
    for condition in ("equal mean", "equal voltage"):
        for rest in sorted({one.rest for one in found}):
            chosen = [one for one in found if one.condition == condition and one.rest == rest and one.reached]
            cal = [one for one in chosen if one.compatible(CAL, valence)]
            hot = [one for one in chosen if one.compatible(HOT_CAL, valence)]
            lines.append(
                f"{condition}, rest {rest:g} s: {len(cal)} as Cal, {len(hot)} as Hot-Cal of {len(chosen)} there"
                + (f"; Cal: {_span(cal)}" if cal else "")
            )
            pairs = _pairs(cal, hot)
            if pairs:
                lines.append(
                    f"    of one D and R both: {len(pairs)} pairs (D, R), e.g. "
                    + "; ".join(f"D = {d:.0e} m2/s, R = {1e6 * r:g} um" for d, r in pairs[:4])
                )
    there = [one for one in found if one.reached and one.rest == 0.0]
    for condition in ("equal mean", "equal voltage"):
        chosen = [one for one in there if one.condition == condition]
        largest = max(chosen, key=lambda one: one.ratios[0])
        lines.append(f"largest ratio of region 1 at the end of charge, {condition}: {_described(largest)}")
    return lines


def _pairs(cal: list[Gradient], hot: list[Gradient]) -> list[tuple[float, float]]:
    """Return the (D, R) with which a lower coverage is as Cal and a higher one as Hot-Cal."""
    return sorted(
        {
            (low.diffusivity, low.radius)
            for low in cal
            for high in hot
            if (low.diffusivity, low.radius) == (high.diffusivity, high.radius) and high.coverage > low.coverage
        }
    )


def _span(found: list[Gradient]) -> str:
    parts = []
    for name, unit, factor in (("diffusivity", "m2/s", 1.0), ("radius", "um", 1e6), ("coverage", "", 1.0)):
        values = [factor * getattr(one, name) for one in found]
        symbol = {"diffusivity": "D", "radius": "R", "coverage": "f"}[name]
        parts.append(f"{symbol} {min(values):.3g} to {max(values):.3g} {unit}".rstrip())
    return ", ".join(parts)


def _described(one: Gradient) -> str:
    return (
        f"{one.ratios[0]:.3g} (region 4 {one.ratios[-1]:.3g}) at D = {one.diffusivity:.0e} m2/s, "
        f"R = {1e6 * one.radius:g} um, f = {one.coverage:g}, {one.voltage:.3f} V"
    )


def instrument(valence: ValenceModel) -> list[str]:
    """Return the smallest difference of x that the microscope sees, for fragments of several thicknesses."""
    lines = []
    for thickness in THICKNESSES:
        limit = detection_limit(Microscope(), thickness, valence)
        lines.append(
            f"fragment of {1e9 * thickness:g} nm: {limit.smallest:.2g} between regions 1 and 4 (three standard "
            f"deviations), {limit.pixel:.2g} in a pixel (one)"
        )
    return lines


def main() -> None:
    """Read or make the scan and print what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scan", action="store_true", help="scan again")
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the scan to")
    arguments = parser.parse_args()
    case = Case.from_toml(EXAMPLE)
    valence = cathode_of(case.material).valence
    if valence is None:
        raise SystemExit("the example's cathode has no valence model")
    found = list(scan_gradients(case)) if arguments.scan else stored()
    if arguments.output is not None:
        write_text(arguments.output, gradient_csv(found, valence))
    wanted = [[float(stoichiometry_of(ratio, valence)) for ratio in ends] for ends in (CAL, HOT_CAL)]
    lines = [
        f"paper: Cal 1.37 to 0.75, x {wanted[0][0]:.3f} to {wanted[0][1]:.3f}; "
        f"Hot-Cal 1.07 to 0.97, x {wanted[1][0]:.3f} to {wanted[1][1]:.3f}",
        *verdict(found, valence),
        *instrument(valence),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
