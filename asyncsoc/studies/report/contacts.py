"""The contact of a particle on a map of its surface, and the hot spots on it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.simulation.results.data import RunData
from asyncsoc.studies.report.content import Block, ContactPicture, PageTable, PageText

Array = NDArray[np.float64]
_ROWS, _COLUMNS = 48, 96
_MOST_SPOTS = 30


def contact_blocks(name: str, run: RunData) -> list[Block]:
    """Return the map of a particle's contact and, where its side reaction was followed, the table of its hot spots."""
    found = _spots(run)
    picture = _map(name, run, found)
    return [picture, *_spot_blocks(name, run, found)]


def _map(name: str, run: RunData, spots: list[dict[str, Any]]) -> ContactPicture:
    realised = f"Coverage {run.contact.coverage_realised:.4g}, {run.contact.coverage_asked:.4g} asked for."
    note = f"{realised} Equal areas of the map are equal areas of a sphere; full colour is contact."
    return ContactPicture(f"Contact of {name}", _shares(run), tuple(_marks(run, spots)), note)


def _middle(run: RunData) -> Array:
    surface = np.unique(run.mesh.facets)
    points = run.mesh.points[surface]
    return np.asarray(0.5 * (points.max(axis=0) + points.min(axis=0)))


def _shares(run: RunData) -> Array:
    """Return the share of contact on a grid over height and longitude (rows, columns)."""
    mesh, contact = run.mesh, run.contact
    nodes = np.unique(mesh.facets)
    whole = contact.surface_weights[nodes]
    share = np.divide(contact.weights[nodes], whole, out=np.zeros_like(whole), where=whole > 0.0)
    height = 1.0 - (np.arange(_ROWS) + 0.5) * 2.0 / _ROWS
    if mesh.coordinates == "radial":
        return np.full((_ROWS, _COLUMNS), contact.coverage_realised)
    if mesh.coordinates == "axisymmetric":
        place = mesh.points[nodes] - np.array([0.0, _middle(run)[1]])
        level = place[:, 1] / np.linalg.norm(place, axis=1)
        order = np.argsort(level)
        return np.repeat(np.interp(height, level[order], share[order])[:, np.newaxis], _COLUMNS, axis=1)
    from scipy.spatial import cKDTree

    place = mesh.points[nodes] - _middle(run)
    angle = np.radians(-180.0 + (np.arange(_COLUMNS) + 0.5) * 360.0 / _COLUMNS)
    flat = np.sqrt(1.0 - height**2)[:, np.newaxis]
    up = np.broadcast_to(height[:, np.newaxis], (_ROWS, _COLUMNS))
    wanted = np.stack((flat * np.cos(angle), flat * np.sin(angle), up), axis=-1).reshape(-1, 3)
    _, nearest = cKDTree(place / np.linalg.norm(place, axis=1, keepdims=True)).query(wanted)
    return np.asarray(share[nearest].reshape(_ROWS, _COLUMNS))


def _report(run: RunData) -> dict[str, Any]:
    side = run.reports.get("side reaction") or {}
    return dict(side.get("at the highest risk") or {})


def _spots(run: RunData) -> list[dict[str, Any]]:
    return list(_report(run).get("hot spots") or [])


def _marks(run: RunData, spots: list[dict[str, Any]]) -> list[tuple[float | None, float, str]]:
    marks: list[tuple[float | None, float, str]] = []
    middle = _middle(run)
    for number, spot in enumerate(spots[:_MOST_SPOTS], start=1):
        place = np.asarray(spot["place [m]"], dtype=np.float64)
        if run.mesh.coordinates == "radial" or len(place) != len(middle):
            continue
        label = f"hot spot {number}" if len(spots) <= 3 else str(number)
        if run.mesh.coordinates == "axisymmetric":
            own = place - np.array([0.0, middle[1]])
            marks.append((None, float(own[1] / max(np.linalg.norm(own), 1e-300)), label))
        else:
            own = place - middle
            level = float(own[2] / max(np.linalg.norm(own), 1e-300))
            marks.append((float(np.degrees(np.arctan2(own[1], own[0]))), level, label))
    return marks


def _spot_blocks(name: str, run: RunData, spots: list[dict[str, Any]]) -> list[Block]:
    side, moment = run.reports.get("side reaction"), _report(run)
    if side is None:
        return [
            PageText(
                f"{name}: no hot spots, for the side reaction was not followed "
                '(side_reaction.mode = "report" or "coupled").'
            )
        ]
    threshold = side.get("risk threshold")
    if not moment:
        return [PageText(f"{name}: no hot spots, for no moment of the run has a fully covered reference.")]
    if not spots:
        return [PageText(f"{name}: the risk stays below its threshold of {threshold:.3g} everywhere.")]
    rows = tuple(
        (k, 1e12 * spot["area [m2]"], spot["share of contact"], spot["largest"], spot["area mean"])
        for k, spot in enumerate(spots[:_MOST_SPOTS], start=1)
    )
    more = f" {len(spots) - _MOST_SPOTS} smaller ones are left out." if len(spots) > _MOST_SPOTS else ""
    note = (
        f"Connected parts of the contact where the risk passes {threshold:.3g}, at its highest: after "
        f"{moment['time [s]'] / 3600.0:.3g} h. The line or circle on the map is at their centre.{more} "
        f"Driving force of the side reaction: {side.get('driving force')}."
    )
    heads = ("Hot spot", "Area [\u00b5m\u00b2]", "Share of contact", "Largest risk", "Mean risk")
    return [PageTable(f"Hot spots of {name}", heads, rows, note=note)]
