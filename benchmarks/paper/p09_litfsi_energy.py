"""P9: the reaction energy of Li_xNCM811 with LiTFSI against x; `asyncsoc react` prints it."""

from __future__ import annotations

from benchmarks.paper.energies import NO_PARTICLE, X, curves, falls, numbers
from benchmarks.paper.rows import PaperRow


def row(quick: bool) -> PaperRow:
    """Compute the energies under all four definitions."""
    found = curves("litfsi")
    held = {key: falls(curve) for key, curve in found.items()}
    total, mutual = found["total", "enthalpy"], found["mutual", "enthalpy"]
    deviation = float(total.standard_deviation[4])
    count = sum(held.values())
    return PaperRow(
        key="P9",
        title="reaction energy of Li_xNCM811 and LiTFSI",
        place="Fig. 4h, S6",
        paper="it falls as x falls; values only in pictures; mutual energies from the Materials Project",
        ours=f"total {total.energy[0]:.3f} to {total.energy[-1]:.3f}, mutual {mutual.energy[0]:.3f} to "
        f"{mutual.energy[-1]:.3f} eV/atom from "
        f"x = {X[0]:g} to {X[-1]:g}; it falls under {count} of 4 definitions: "
        + ", ".join(f"{kind} {energy}: {'falls' if held[kind, energy] else 'does not'}" for kind, energy in held),
        fitted="nothing",
        predicted="all of it, from formation enthalpies, entropies and U(x)",
        sensitivity=f"{NO_PARTICLE} One standard deviation of the formation energies is {deviation:.3f} eV/atom at x "
        "= 0.5, the same for every x to first "
        "order, so that it shifts the curve and not its slope.",
        verdict="reproduced" if count == len(held) else "trend only" if count else "not reproduced",
        because="Rule: reproduced where the energy falls with every step of x (by 1 meV/atom) as total and as mutual "
        "energy, enthalpy and Gibbs energy "
        "alike; trend only where under some of them. The paper names the mutual energy.",
        scan="asyncsoc react --electrolyte litfsi; asyncsoc react --electrolyte litfsi --energy gibbs",
        numbers=numbers("litfsi", found),
    )
