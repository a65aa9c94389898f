"""P10: ECA, and PEO, beside LiTFSI; `asyncsoc react` prints the energies."""

from __future__ import annotations

import numpy as np

from benchmarks.paper.energies import NO_PARTICLE, X, curves, numbers
from benchmarks.paper.rows import PaperRow


def row(quick: bool) -> PaperRow:
    """Compute the energies of ECA, PEO and LiTFSI under all four definitions."""
    found = {name: curves(name) for name in ("litfsi", "eca", "peo")}
    gaps = {key: found["eca"][key].energy - found["litfsi"][key].energy for key in found["eca"]}
    held = {key: bool((gap > 0.0).all()) for key, gap in gaps.items()}
    peo = {key: bool((found["peo"][key].energy - found["litfsi"][key].energy > 0.0).all()) for key in found["eca"]}
    count = sum(held.values())
    eca = found["eca"]["total", "enthalpy"]
    kept = {
        name: value
        for reactant, curve in found.items()
        if reactant != "litfsi"
        for name, value in numbers(reactant, curve).items()
    }
    least = {key: float(np.min(gap)) for key, gap in gaps.items()}
    return PaperRow(
        key="P10",
        title="the same with ECA, and with PEO",
        place="Fig. S10",
        paper="ECA is more stable than LiTFSI; values only in pictures",
        ours=f"ECA total {eca.energy[0]:.3f} to {eca.energy[-1]:.3f} eV/atom from x = {X[0]:g} to {X[-1]:g}; it is "
        "less reactive than LiTFSI at every x "
        f"under {count} of 4 definitions ("
        + ", ".join(f"{kind} {energy}: by {least[kind, energy]:+.3f} at least" for kind, energy in held)
        + f"); PEO under {sum(peo.values())}",
        fitted="nothing",
        predicted="all of it",
        sensitivity=f"{NO_PARTICLE} Standard deviation of ECA's total energy at x = 0.5: "
        f"{float(eca.standard_deviation[4]):.3f} eV/atom.",
        verdict="reproduced" if count == len(held) else "trend only" if count else "not reproduced",
        because="Rule: reproduced where ECA is the less reactive one at every x under total and mutual energies, "
        "enthalpy and Gibbs energy alike; trend "
        "only where under some of them. PEO is close to ECA under total energies: what helps is to replace TFSI, not "
        "PEO.",
        scan="asyncsoc react --electrolyte litfsi --electrolyte eca --electrolyte peo",
        numbers=kept,
    )
