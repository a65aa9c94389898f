"""Report on the side reaction of a run as plain data: assumptions, amounts, and when and where the risk is highest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.interface.decomposition_constants import DrivingForce
from asyncsoc.recorders.contact_state import ContactState, highest_moment, highest_rate, highest_risk
from asyncsoc.recorders.hot_spots import hot_spots, share_above
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder

Array = NDArray[np.float64]

OVERLAP: dict[DrivingForce, str] = {
    "potential": "driven by the potential alone: it holds U(x) under the contact; the reaction energy plays no part",
    "reaction-energy": "driven by the reaction energy alone: it holds U(x) through the cathode's energy, and neither "
    "the current nor the exchange current density plays a direct part",
    "both": "driven by potential and reaction energy: both hold U(x), so that one cause counts twice unless the "
    "constants were fitted together",
}
"""What each driving force contains."""


def side_report(recorder: SideReactionRecorder, mesh: ParticleMesh) -> dict[str, Any]:
    """Return the report on the side reaction of a run."""
    particle = recorder.particle
    model, areas = particle.model, particle.areas
    last = recorder.kept[-1] if recorder.kept else None
    return {
        "mode": "coupled" if particle.coupled else "report",
        "reactant": model.reactant,
        "energy": model.table.kind,
        "thermochemistry note": None if model.table.conditions is None else model.table.conditions.note,
        "thermochemistry": None if model.table.conditions is None else model.table.conditions.label,
        "driving force": model.driving_force,
        "note": OVERLAP[model.driving_force],
        "parameters": [asdict(parameter) for parameter in model.parameters()],
        "interpolation error of the reaction energy [eV/atom]": model.table.interpolation_error,
        "risk threshold": particle.threshold,
        "at the highest rate": _moment(recorder, mesh, highest_rate),
        "at the highest risk": _moment(recorder, mesh, highest_risk),
        "dose": {} if last is None else _dose(last, areas),
    }


def _dose(last: ContactState, areas: Array) -> dict[str, float | None]:
    mean, largest = float(areas @ last.dose) / float(areas.sum()), float(last.dose.max())
    full = last.full_dose
    return {
        "area mean [C/m2]": mean,
        "largest [C/m2]": largest,
        "area mean, against full coverage": mean / full if full > 0.0 else None,
        "largest, against full coverage": largest / full if full > 0.0 else None,
    }


def _moment(
    recorder: SideReactionRecorder, mesh: ParticleMesh, measure: Callable[[ContactState], float]
) -> dict[str, Any] | None:
    """Describe the moment at which `measure` is largest; None where no moment has a fully covered reference."""
    moment = highest_moment(recorder.moments, measure)
    return None if moment is None else describe_moment(recorder, moment, mesh)


def describe_moment(recorder: SideReactionRecorder, moment: ContactState, mesh: ParticleMesh) -> dict[str, Any]:
    """Return risk, its factors, area above the threshold and hot spots at one moment; empty without a reference."""
    split, particle = moment.split, recorder.particle
    if split is None:
        return {}
    hottest = int(np.argmax(split.risk))
    areas = particle.areas
    return {
        "time [s]": moment.time,
        "mean stoichiometry": moment.mean_x,
        "largest side current density [A/m2]": float(moment.local.rate.max()),
        "risk, area mean": float(areas @ split.risk) / float(areas.sum()),
        "risk, largest": float(split.risk[hottest]),
        "factors of the largest": {
            "kinetic potential": float(split.kinetic[hottest]),
            "concentration potential": float(split.concentration[hottest]),
            "reaction energy": float(split.reaction[hottest]),
            "film and spread": float(split.remainder[hottest]),
        },
        "share of contact above threshold": share_above(split.risk, areas, particle.threshold),
        "area above threshold [m2]": float(areas[split.risk > particle.threshold].sum()),
        "hot spots": [
            {
                "area [m2]": spot.area,
                "share of contact": spot.share,
                "largest": spot.peak,
                "area mean": spot.mean,
                "place [m]": list(spot.place),
            }
            for spot in hot_spots(mesh, particle.nodes, areas, split.risk, particle.threshold)
        ],
    }
