"""A particle for the 3-D view: surface, section through its middle, and its fields over time, packed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.plotting.plane import slice_geometry
from asyncsoc.recorders.soc import state_of_charge
from asyncsoc.simulation.results.data import RunData
from asyncsoc.studies.report.content import ParticleView
from asyncsoc.studies.report.packing import QuantisedField, packed, share_levels

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

BUDGET = 4_000_000
"""Bytes of base64 that the particles of a page may take together."""
MOST_MOMENTS = 60
_HALF_TURN = 48
_TABLE = 129
_FIELDS = {
    # name in results -> (label, factor)
    "Film thickness [m]": ("Film thickness [nm]", 1e9),
    "Risk": ("Risk against full coverage", 1.0),
    "Side current density [A/m2]": ("Side current density [\u00b5A/m\u00b2]", 1e6),
    "Decomposition dose [C/m2]": ("Decomposition dose [C/m\u00b2]", 1.0),
}
"""Fields on the contact that the view shows beside those of the whole particle."""
_TO_BASE64 = 4.0 / 3.0


def particle_view(runs: Sequence[tuple[str, RunData]], budget: int = BUDGET) -> ParticleView:
    """Return runs of single particles for the 3-D view.

    Parameters
    ----------
    runs
        Name and run of each, none of them a group.
    budget
        Bytes they may take together; of more snapshots evenly chosen ones are kept, and the page says how many.
    """
    each = budget // max(len(runs), 1)
    return ParticleView(tuple(_body(name, run, each) for name, run in runs))


def _body(name: str, run: RunData, budget: int) -> dict[str, Any]:
    coordinates = run.mesh.coordinates
    shape = {"radial": _radial, "axisymmetric": _profile, "cartesian": _skin}[coordinates](run)
    nodes: Integers = shape.pop("used")
    surface = int(shape.pop("surface"))
    known = [one for one in _FIELDS if one in run.more_fields and np.isfinite(run.more_fields[one]).any()]
    size = 2.0 * _TO_BASE64 * (len(nodes) + surface * len(known))
    count = len(run.field_times)
    most = int(max(2, min(MOST_MOMENTS, budget / size, count)))
    moments = np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int))
    note = f"{count} snapshots." if len(moments) == count else f"{len(moments)} of {count} snapshots, evenly chosen."
    if count == 1:
        note = "The run kept one snapshot only; output.fields_every keeps more."
    if coordinates != "cartesian":
        note += (
            " Computed in "
            + ("the radius alone" if coordinates == "radial" else "a half-plane")
            + ", turned about the axis."
        )
    return {
        "name": name,
        **shape,
        "fields": _fields(run, moments, nodes, nodes[:surface], known),
        "moments": [f"{time / 3600.0:.3g} h" for time in run.field_times[moments]],
        "note": note,
    }


def _entry(label: str, values: Array, **more: Any) -> dict[str, Any]:
    found = QuantisedField.of(values)
    return {
        "label": label, "low": found.low, "high": found.high, "range": [found.low, found.high],
        "nodes": values.shape[-1], "data": packed(found.levels.ravel()), **more,
    }  # fmt: skip


def _fields(
    run: RunData, moments: Integers, nodes: Integers, surface: Integers, known: Sequence[str]
) -> list[dict[str, Any]]:
    x = run.field_x[np.ix_(moments, nodes)]
    fields = [_entry("Stoichiometry x", x)]
    across = np.linspace(float(x.min()), float(x.max()), _TABLE)
    if across[-1] > across[0]:
        derived = {"State of charge": state_of_charge(across, run.stoichiometry_at_4p2)}
        if run.valence is not None:
            derived[run.valence.share_label] = run.valence.higher_fraction(across)
        for label, ys in derived.items():
            fields.append(
                {"label": label, "of": 0, "nodes": len(nodes), "xs": across.tolist(), "ys": ys.tolist(),
                 "range": [float(ys.min()), float(ys.max())]}
            )  # fmt: skip
    for name in known:
        label, factor = _FIELDS[name]
        touched = run.contact.weights[surface] > 0.0
        values = np.where(touched, run.more_fields[name][np.ix_(moments, surface)] * factor, np.nan)
        fields.append(_entry(label, values, surface=True))
    fields.append(_entry("Contact share", _touched(run, surface)[np.newaxis], still=True, surface=True))
    return fields


def _touched(run: RunData, nodes: Integers) -> Array:
    """Return the share of the surface around nodes (m,) that is in contact."""
    weights, whole = run.contact.weights[nodes], run.contact.surface_weights[nodes]
    return np.clip(np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0.0), 0.0, 1.0)


def _placed(used: Integers, nodes: Integers, size: int) -> Integers:
    """Return where nodes stand among those used."""
    places = np.full(size, -1, dtype=np.int64)
    places[used] = np.arange(len(used))
    return places[nodes]


def _radial(run: RunData) -> dict[str, Any]:
    """Return a particle computed along its radius: a sphere of the outermost value, and rings."""
    order = np.argsort(run.mesh.points[:, 0])
    radii, outer = run.mesh.points[order, 0], order[-1]
    used = np.concatenate(([outer], order[:-1])).astype(np.int64)
    angle = np.linspace(0.0, np.pi, _HALF_TURN + 1)
    rim = float(radii[-1])
    flat = np.stack((np.outer(radii, np.sin(angle)), np.outer(radii, np.cos(angle))), axis=-1).reshape(-1, 2)
    source = np.repeat(_placed(used, order, run.mesh.n_nodes), len(angle))
    ring, sector = np.meshgrid(np.arange(len(radii) - 1), np.arange(_HALF_TURN), indexing="ij")
    a, b = ring * len(angle) + sector, (ring + 1) * len(angle) + sector
    triangles = np.concatenate([np.stack(c, axis=-1).reshape(-1, 3) for c in ((a, b, b + 1), (a, b + 1, a + 1))])
    covered = np.full(len(angle), _touched(run, np.array([outer]))[0])
    return {
        "extent": rim,
        "profile": {
            "points": packed(np.stack((rim * np.sin(angle), rim * np.cos(angle)), axis=-1).ravel()),
            "nodes": packed(np.zeros(len(angle), dtype=np.int64)),
            "contact": packed(share_levels(covered)),
        },
        "cut": _plane(flat.ravel(), source, triangles),
        "used": used,
        "surface": 1,
    }


def _plane(points: Array, source: Integers, triangles: Integers) -> dict[str, Any]:
    """Return the section of a body of revolution: half of it, to be mirrored, in the plane y = 0."""
    return {
        "points": packed(points), "first": packed(source), "triangles": packed(triangles.ravel()), "mirrored": True,
        "middle": [0.0, 0.0, 0.0], "across": [1.0, 0.0, 0.0], "up": [0.0, 0.0, 1.0], "normal": [0.0, -1.0, 0.0],
    }  # fmt: skip


def _profile(run: RunData) -> dict[str, Any]:
    """Return a particle computed in a half-plane (r, z): its profile in order from pole to pole, and its cells."""
    mesh = run.mesh
    surface = _in_order(mesh.facets)
    used = np.concatenate((surface, np.setdiff1d(np.arange(mesh.n_nodes), surface)))
    height = 0.5 * (mesh.points[surface, 1].max() + mesh.points[surface, 1].min())
    points = mesh.points - np.array([0.0, height])
    return {
        "extent": float(np.linalg.norm(points[surface], axis=1).max()),
        "profile": {
            "points": packed(points[surface].ravel()),
            "nodes": packed(np.arange(len(surface))),
            "contact": packed(share_levels(_touched(run, surface))),
        },
        "cut": _plane(points[used].ravel(), np.arange(len(used)), _placed(used, mesh.cells, mesh.n_nodes)),
        "used": used,
        "surface": len(surface),
    }


def _in_order(edges: Integers) -> Integers:
    """Return the nodes of a chain of edges (m, 2) from one of its ends to the other."""
    neighbours: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    here = min((node for node, others in neighbours.items() if len(others) == 1), default=next(iter(neighbours)))
    chain, before = [here], -1
    while True:
        onward = [node for node in neighbours[here] if node != before]
        if not onward or onward[0] == chain[0]:
            return np.array(chain, dtype=np.int64)
        before, here = here, onward[0]
        chain.append(here)


def _skin(run: RunData) -> dict[str, Any]:
    """Return a particle of tetrahedra: its facets, facing outwards as they are, and the section through its contact."""
    mesh = run.mesh
    surface = np.unique(mesh.facets)
    found = slice_geometry(mesh, run.contact)
    inside = np.setdiff1d(np.unique(found.nodes), surface)
    used = np.concatenate((surface, inside)).astype(np.int64)
    middle = 0.5 * (mesh.points[surface].max(axis=0) + mesh.points[surface].min(axis=0))
    places = _placed(used, found.nodes, mesh.n_nodes)
    return {
        "extent": float(np.linalg.norm(mesh.points[surface] - middle, axis=1).max()),
        "skin": {
            "points": packed((mesh.points[surface] - middle).ravel()),
            "nodes": packed(np.arange(len(surface))),
            "contact": packed(share_levels(_touched(run, surface))),
            "triangles": packed(_placed(used, mesh.facets, mesh.n_nodes).ravel()),
        },
        "cut": {
            "points": packed(found.points.ravel()), "first": packed(places[:, 0]), "second": packed(places[:, 1]),
            "share": packed(share_levels(found.share)), "triangles": packed(found.triangles.ravel()), "mirrored": False,
            "middle": (found.centre - middle).tolist(), "across": found.across.tolist(), "up": found.up.tolist(),
            "normal": found.normal.tolist(),
        },
        "used": used,
        "surface": len(surface),
    }  # fmt: skip
