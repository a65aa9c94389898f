"""The layers of an electrode: potentials, currents and states of charge through its thickness over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.problem.electrode_layers import LAYERS
from asyncsoc.problem.network import electronic_resistances
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.salt import IN_SEPARATOR, SALT, salt_curve
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.group_state import contact_resistances
from asyncsoc.simulation.results.particles import VOLUME, fixed_values, multiplicities_of, runs_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

POSITION = "Distance from the separator [m]"
ELECTRONIC, ELECTROLYTE = "Potential of the electrode [V]", "Potential of the electrolyte [V]"
DRIVING = "Potential difference [V]"
CURRENT, SHARE = "Current of the layer [A]", "Current share of the layer"
FROM_LITHIUM = "Distance from the lithium electrode [m]"


def layer_of_particles(run: RunData) -> NDArray[np.int64] | None:
    """Return the layer of each particle (N,), from 1 at the separator; None where a run has none."""
    report = run.reports.get(LAYERS)
    return None if report is None else np.array(report["layer of each particle"], dtype=np.int64)


def layer_values(run: RunData) -> dict[str, Array]:
    """Return what each layer does, (K, rows) each by name.

    Potentials are against that of the lithium metal, so that the potential at the current collector is the cell
    voltage. The potential of the electrode in layer k is that less the electronic drop between; that of the electrolyte
    is less than it by the potential difference that the particles of the layer see.

    Raises
    ------
    InputError
        The run has no layers.
    """
    layer = layer_of_particles(run)
    if layer is None:
        raise InputError(
            "this run has no layers: all its particles are at one potential",
            where=run.name,
            next_step='simulate an electrode with model = "layers"',
        )
    about, many, runs = run.reports[LAYERS], multiplicities_of(run), runs_of(run)
    count = int(about["number"])
    member = (layer[np.newaxis, :] == np.arange(1, count + 1)[:, np.newaxis]).astype(np.float64)

    def of(name: str) -> Array:
        return np.array([one.columns[name] for one in runs])

    current = member @ (many[:, np.newaxis] * of(names.CURRENT))
    # The particles of a layer share its potential: that of one of them, and the drop over its own resistance.
    ohms = contact_resistances(run)
    first = [int(np.argmin(np.where(row > 0.0, ohms, np.inf))) for row in member]
    driving = of(names.POTENTIAL)[first] + ohms[first, np.newaxis] * of(names.CURRENT)[first]
    shape = count, float(about["thickness [m]"]), float(about["area [m2]"])
    drops = electronic_resistances(*shape, float(about["electronic conductivity [S/m]"])) @ current
    electronic = np.asarray(run.columns[names.VOLTAGE])[np.newaxis, :] - drops
    total, largest = np.asarray(run.columns[names.CURRENT]), np.abs(current).sum(axis=0)
    flows = np.broadcast_to(np.abs(total) > 1e-9 * np.maximum(largest, np.abs(total).max()), current.shape)
    by_volume = member * (many * fixed_values(run)[VOLUME])
    by_volume = by_volume / by_volume.sum(axis=1, keepdims=True)
    salt = {SALT: _curves_of(run, "layer", count)} if "salt" in about else {}
    return {
        ELECTRONIC: electronic,
        ELECTROLYTE: electronic - driving,
        DRIVING: driving,
        CURRENT: current,
        SHARE: np.divide(current, total, out=np.full_like(current, np.nan), where=flows),
        names.MEAN_SOC: by_volume @ of(names.MEAN_SOC),
        names.MEAN_X: by_volume @ of(names.MEAN_X),
        **salt,
    }


def _curves_of(run: RunData, kind: str, count: int) -> Array:
    """Return the concentrations of the salt in volumes of a kind (count, rows)."""
    return np.array([run.columns[salt_curve(kind, number + 1)] for number in range(count)])


def separator_salt(run: RunData) -> tuple[Array, Array] | None:
    """Return the concentrations in the volumes of the separator (M, rows) and the places of their middles (M,) [m].

    Places are distances from the lithium electrode. None where the salt is not solved.
    """
    about = run.reports.get(LAYERS, {}).get("salt")
    if about is None:
        return None
    count, thickness = int(about["separator nodes"]), float(about["separator thickness [m]"])
    return _curves_of(run, "separator", count), (np.arange(count) + 0.5) * thickness / count


def salt_warnings(run: RunData) -> list[str]:
    """Return that the salt left the concentrations over which its properties are known; nothing where it did not."""
    found = separator_salt(run)
    if found is None:
        return []
    about = run.reports[LAYERS]
    low, high = about["salt"]["concentrations known [mol/m3]"]
    c = np.concatenate([found[0], _curves_of(run, "layer", int(about["number"]))])
    least, most = float(c.min(initial=np.inf)), float(c.max(initial=0.0))
    if least >= (low or 0.0) and (high is None or most <= high):
        return []
    return [
        f"the salt covered {least:.4g} to {most:.4g} mol/m3, beyond the range {low:g} to "
        f"{'any' if high is None else f'{high:g}'} over which the set {about['salt']['set']} holds"
    ]


def layer_dataset(run: RunData) -> xr.Dataset:
    """Return the layers over (layer, point), with time, protocol step and cycle along `point`.

    Where the salt is solved its concentration in the separator is there too, over (separator_volume, point).

    Raises
    ------
    InputError
        The run has no layers.
    """
    import xarray as xr

    from asyncsoc.simulation.results.curve_dataset import RunDataset

    values = layer_values(run)

    def unit(name: str) -> dict[str, Any]:
        return {"units": names.unit_of(name)}

    middle, separator = positions(run), separator_salt(run)
    along = (names.TIME, names.STEP, names.CYCLE)
    inner: dict[str, Any] = {}
    places: dict[str, Any] = {}
    if separator is not None:
        inner[IN_SEPARATOR] = (("separator_volume", "point"), separator[0], unit(IN_SEPARATOR))
        places[FROM_LITHIUM] = ("separator_volume", separator[1], unit(FROM_LITHIUM))
    return RunDataset(
        {name: (("layer", "point"), array, unit(name)) for name, array in values.items()} | inner,
        coords={
            **places,
            "layer": ("layer", np.arange(1, len(middle) + 1)),
            POSITION: ("layer", middle, unit(POSITION)),
            **{name: xr.Variable("point", run.columns[name], unit(name)) for name in along},
        },
        attrs={"name": run.name, "case sha256": run.case_sha256},
    )


def positions(run: RunData) -> Array:
    """Return the distance of the middle of each layer from the separator (K,) [m]."""
    about = run.reports[LAYERS]
    count = int(about["number"])
    return np.asarray((np.arange(count) + 0.5) * float(about["thickness [m]"]) / count)


def layers_picture(run: RunData, axes: Axes | None = None) -> Figure:
    """Return a figure of the layers of a run.

    Raises
    ------
    InputError
        The run has no layers.
    """
    from asyncsoc.plotting.electrode_layers import DrawnLayers, layers_figure

    values, separator, salt = layer_values(run), separator_salt(run), None
    places, thickness = np.zeros(0), 0.0
    if separator is not None:
        thickness = float(run.reports[LAYERS]["salt"]["separator thickness [m]"])
        salt = np.concatenate([separator[0], values[SALT]])
        places = np.concatenate([separator[1], thickness + positions(run)])
    drawn = DrawnLayers(
        time=np.asarray(run.columns[names.TIME]),
        position=positions(run),
        voltage=np.asarray(run.columns[names.VOLTAGE]),
        mean_soc=np.asarray(run.columns[names.MEAN_SOC]),
        electrolyte=values[ELECTROLYTE],
        current_share=values[SHARE],
        soc=values[names.MEAN_SOC],
        salt=salt,
        salt_position=places,
        separator=thickness,
    )
    return layers_figure(drawn, title=f"{run.name}: {len(drawn.position)} layers", axes=axes)
