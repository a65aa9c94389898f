"""How long impedance spectra take: a particle as it comes, and an electrode of 200 different particles.

    python benchmarks/impedance.py [--quick]

The answers are checked against a factorization at every frequency before a time is reported.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.problem import particle_admittance

PARTICLES = 200
FREQUENCIES = 60
AGREES = 1e-5


def particle() -> aso.Case:
    """Return the default particle with a cap of a third of its surface."""
    return aso.Case.from_dict(
        {
            "particle": {"radius": "7.5 um"},
            "contact": {"kind": "cap", "coverage": 0.3},
            "side_reaction": {"mode": "coupled"},
            "protocol": {"steps": ["Charge at C/10 for 4 hours", "Rest for 2 hours"]},
            "impedance": {"points": FREQUENCIES},
        }
    )


def electrode(count: int) -> aso.Case:
    """Return an electrode of particles that all differ in coverage and radius, on the default meshes."""
    keys: dict[str, Any] = {
        "loading": "12.7 mg/cm2",
        "particles": count,
        "coverage": {"law": "beta", "mean": 0.4, "std": 0.15},
        "radius": {"law": "lognormal", "mean": "7 um", "std": "2 um"},
    }
    return aso.Case.from_dict(
        {
            "electrode": keys,
            "protocol": {"initial_stoichiometry": 0.6, "steps": ["Rest for 1 hour"]},
            "impedance": {"points": FREQUENCIES},
        }
    )


def timed(simulation: aso.EISSimulation, at: str) -> tuple[aso.ImpedanceSpectrum, str]:
    """Return a spectrum and in words how long it took, what the state took left out."""
    start, begun = time.perf_counter(), time.process_time()
    found = simulation.solve(at=at)
    return found, f"{time.perf_counter() - start:.3g} s ({time.process_time() - begun:.3g} s of CPU)"


def main() -> None:
    """Time both and print what was found."""
    single = aso.EISSimulation(particle())
    nodes = single.run().mesh.n_nodes
    single.solve([1.0], at="rest")  # imports
    found, seconds = timed(single, "rest")
    kept, particle_admittance._FEW_NODES = particle_admittance._FEW_NODES, 10**9
    direct, longer = timed(single, "rest")
    particle_admittance._FEW_NODES = kept
    apart = float(np.abs(found.impedance / direct.impedance - 1.0).max())
    if apart > AGREES:
        raise SystemExit(f"the reduced basis is off by {apart:.1e}")
    sys.stdout.write(
        f"{FREQUENCIES} frequencies of a cap with film, {nodes} nodes: {seconds}; "
        f"{longer} with a factorization at each (largest difference {apart:.0e})\n"
    )
    count = 20 if "--quick" in sys.argv else PARTICLES
    many = aso.EISSimulation(electrode(count))
    _, seconds = timed(many, "initial")
    sys.stdout.write(f"{FREQUENCIES} frequencies of {count} particles at one potential: {seconds} with set-up\n")


if __name__ == "__main__":
    main()
