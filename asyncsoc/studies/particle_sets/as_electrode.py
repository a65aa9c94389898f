"""A measured volume as one electrode: every resolved particle on its own mesh, sharing one cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case.case import Case
from asyncsoc.case.electrode_materials import COMPOSITION, CONSTITUENTS, Densities
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.materials.conductivity import conductivity_at
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.tomography.conduction import CONDUCTING, Conduction, conduction
from asyncsoc.tomography.particle_set import ParticleSet, check_contact
from asyncsoc.tomography.phases import ACTIVE_NAME, PHASE_FRACTIONS
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.statistics import SIDES, volume_statistics
from asyncsoc.tomography.volume import LabelVolume

Cut = Literal["drop", "mirror", "scale"]
CUTS: Final[Mapping[Cut, str]] = {
    "drop": "particles that the end of the volume cuts are left out; the electrode has less active material",
    "mirror": "they are kept as far as they were imaged; nothing passes through the plane that cuts them",
    "scale": "they are left out, and those within stand for all active material of the volume",
}
"""What is done with particles that the end of the volume cuts."""
FIELDS_EVERY: Final = "2 h"
"""Period of the snapshots where the case does not give one: each of some thousand particles keeps its own."""


@dataclass(frozen=True, eq=False, repr=False)
class VolumeElectrode(Shown):
    """An electrode made of a volume.

    Attributes
    ----------
    case
        The case of the electrode, as `asyncsoc run` takes it.
    conduction
        Through pores and binder of the volume, towards the separator; None where it was not computed.
    cut
        What is done with particles that the end of the volume cuts.
    effect
        For each rule what it makes of the electrode, by counting voxels: a mapping each.
    report
        All of it as plain data.
    """

    case: Case
    conduction: Conduction | None
    cut: Cut
    effect: Sequence[Mapping[str, Any]]
    report: Mapping[str, Any]

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        plain = {name: value for name, value in self.report.items() if not isinstance(value, Mapping | list)}
        return self.case.name or "", plain.items(), []


def electrode_of_volume(
    meshed: ParticleSet,
    template: Case,
    volume: LabelVolume | None = None,
    particles: Particles | None = None,
    *,
    separator: str,
    layers: int | None = None,
    cut: Cut = "drop",
    repeat: float = 1.0,
    conducting: Sequence[str] = CONDUCTING,
    progress: Callable[[int, float], None] | None = None,
) -> VolumeElectrode:
    """Return the electrode that a volume is a piece of, with every meshed particle in its measured shape and place.

    Thickness is the length of the volume from the separator, the area its cross section, the loading the mass of active
    material over it, and the composition follows from the phases; polymer and carbon share the binder as they do in a
    case's default composition, which is an assumption. The porosity follows and is that of the volume, plus the active
    material that is left out.

    Parameters
    ----------
    meshed
        The particles of the volume in a folder.
    template
        Material, electrolyte, kinetics, protocol, output and solver.
    volume, particles
        The volume and its particles. Without them nothing is said of the rules for cut particles, and what conducts
        between layers is Bruggeman's law, an assumption.
    separator
        Side of the volume that faces the separator: x-low, ... z-high.
    layers
        Number of layers through the thickness; None: all particles at one potential.
    cut
        What is done with particles that the end of the volume cuts: drop, mirror or scale. "mirror" needs a set with
        them in it.
    repeat
        How many times the cross section of the volume is in the electrode.
    conducting
        Phases that conduct lithium ions, all as the electrolyte does: for layers.
    progress
        As of `conduction`.

    Raises
    ------
    InputError
        A template with an electrode, an unknown side or rule, a set of another volume, or one that does not fit the
        rule; a protocol at several temperatures where there are layers.

    Examples
    --------
    >>> import tempfile
    >>> import asyncsoc as aso
    >>> from asyncsoc.studies.particle_sets.as_electrode import electrode_of_volume
    >>> from asyncsoc.tomography.meshing import mesh_particles
    >>> from asyncsoc.tomography.split import split_particles
    >>> from asyncsoc.tomography.synthetic import sphere_pack
    >>> volume = sphere_pack((40, 40, 40), radius=(6.0, 8.0), voxel_size=4e-7, seed=3).volume
    >>> particles = split_particles(volume)
    >>> template = aso.Case.from_dict({"protocol": {"steps": ["Charge at C/10 until 4.2 V"]}})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     meshed = mesh_particles(volume, particles, folder=folder)
    ...     found = electrode_of_volume(meshed, template, volume, particles, separator="z-low", cut="scale")
    >>> found.case.electrode.count == len(meshed), round(found.report["thickness [m]"], 12)
    (True, 1.6e-05)
    """
    _check(meshed, template, volume, particles, separator, cut, repeat)
    axis, density = separator[0], cathode_of(template.material).density
    length, section = _extent(meshed, axis)
    fractions = {name: float(share) for name, share in meshed.header[PHASE_FRACTIONS].items()}
    solid = fractions[ACTIVE_NAME] * length * section
    meshed_volume = float(sum(float(row["volume [m3]"]) for row in meshed.rows))
    active = solid if cut == "scale" else meshed_volume
    effect = [] if volume is None or particles is None else cut_effect(volume, particles, meshed, density, section)
    through = None if layers is None or volume is None else conduction(volume, axis, conducting, progress=progress)
    electrode: dict[str, Any] = {
        "set": {"folder": str(meshed.folder), "shapes": "measured", "separator_side": separator},
        "thickness": length,
        "loading": active * density / section,
        "area": section * repeat,
        "composition": _composition(fractions["cbd"] * length * section, active, density),
    }
    if layers is not None:
        electrode |= {"model": "layers", "layers": layers}
    if through is not None:
        if through.relative_conductivity == 0.0:
            raise InputError(
                f"{' and '.join(conducting)} join no two sides of the volume along {axis}: no lithium passes",
                where="conducting (--conducting)",
                value=", ".join(conducting),
                next_step="name the phases that conduct, or use the group model",
            )
        electrode["ionic_conductivity"] = _conductivity(template) * through.relative_conductivity
    keys = template.model_dump(exclude_unset=True)
    for replaced in ("particle", "contact", "electrode"):
        keys.pop(replaced, None)
    if "fields_every" not in template.output.model_fields_set:
        keys["output"] = {**keys.get("output", {}), "fields_every": FIELDS_EVERY}
    case = Case.from_dict({**keys, "electrode": electrode})
    amounts = case.electrode.amounts(density)
    report = {
        "source": dict(meshed.header.get("source", {})),
        "separator side": separator,
        "cut particles": cut,
        "what the rule does": CUTS[cut],
        "particles": len(meshed.rows),
        "without contact": sum(not row.get("coverage") for row in meshed.rows),
        "multiplicity of a particle": repeat * active / meshed_volume,
        f"share of {ACTIVE_NAME} of the volume in the electrode": active / solid,
        "thickness [m]": amounts.thickness,
        "area [m2]": section * repeat,
        "loading [kg/m2]": amounts.loading,
        "porosity": amounts.porosity,
        "pore fraction of the volume": fractions["pore"],
        "volume fractions": dict(amounts.volume_fraction),
        "conduction": None if through is None else through.to_dict(),
        "effect of the rule": [dict(row) for row in effect],
        "assumed": "polymer and carbon share the binder phase as in the default composition",
    }
    return VolumeElectrode(case, through, cut, effect, report)


def simulate_volume(
    electrode: VolumeElectrode,
    *,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
) -> Solution:
    """Simulate the electrode of a volume; the result is that of any electrode.

    Parameters
    ----------
    electrode
        Of `electrode_of_volume`.
    threads
        Threads for the particles, and processes that read and assemble their meshes; the answers do not depend on it.
    progress, resume
        As of `simulate`.

    Raises
    ------
    InputError
        The electrode cannot be built.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.
    """
    return simulate_electrode(electrode.case, threads=threads, progress=progress, resume=resume)


def cut_effect(
    volume: LabelVolume, particles: Particles, meshed: ParticleSet, density: float, section: float
) -> list[dict[str, Any]]:
    """Return what each rule for cut particles makes of an electrode, from the voxels: a row each.

    Parameters
    ----------
    volume, particles
        The volume and its particles.
    meshed
        A set of them; its least number of voxels is taken.
    density
        Of the active material [kg/m3].
    section
        Cross section of the volume [m2].
    """
    least = int(meshed.header["mesh settings"]["min_voxels"])
    found = volume_statistics(volume, particles, min_voxels=least)
    table = {name: np.asarray(values) for name, values in found.table.items()}
    resolved, solid = table["voxels"] >= least, float(table["volume [m3]"].sum())
    rows = []
    for rule in CUTS:
        chosen = resolved if rule == "mirror" else resolved & ~table["at edge"]
        size = table["volume [m3]"][chosen]
        whole = float(size.sum())
        active = solid if rule == "scale" else whole
        exposed = table["active area [m2]"][chosen].sum() + table["inactive area [m2]"][chosen].sum()
        coverage = np.nan_to_num(table["coverage"][chosen].astype(float))
        rows.append(
            {
                "cut particles": rule,
                "particles": int(chosen.sum()),
                f"share of {ACTIVE_NAME}": active / solid,
                "loading [kg/m2]": active * density / section,
                "median diameter [m]": float(np.median(table["equivalent diameter [m]"][chosen])),
                "mean coverage by volume": float(size @ coverage / whole),
                "active fraction of exposed surface": float(table["active area [m2]"][chosen].sum() / exposed),
                "active area per volume [1/m]": float(table["active area [m2]"][chosen].sum() / whole),
            }
        )
    return rows


def _check(
    meshed: ParticleSet,
    template: Case,
    volume: LabelVolume | None,
    particles: Particles | None,
    separator: str,
    cut: str,
    repeat: float,
) -> None:
    """Refuse what does not fit together."""
    if template.electrode.described:
        raise InputError(
            "the electrode is that of the volume",
            where="electrode",
            next_step="remove [electrode]; more is set in the case that is written, electrode.toml",
        )
    if separator not in SIDES:
        raise unknown_name("side", separator, SIDES, where="separator (--separator)")
    if cut not in get_args(Cut):
        raise unknown_name("rule", cut, CUTS, where="cut (--cut)")
    if not (np.isfinite(repeat) and repeat > 0.0):
        raise InputError("out of range", where="repeat (--repeat)", value=repeat, allowed="above 0")
    if not len(meshed):
        raise InputError("the set has no particles", where=str(meshed.folder))
    check_contact(meshed)
    header, place = meshed.header, str(meshed.folder)
    if PHASE_FRACTIONS not in header:
        raise InputError(
            "the particle set does not say what the phases of its volume are", where=place,
            next_step="mesh the volume again",
        )  # fmt: skip
    if volume is not None and particles is not None:
        found = list(header.get("shape (z, y, x)", ())), header.get("particles in the volume")
        if found != (list(volume.shape), particles.n):
            raise InputError(
                "the particle set is that of another volume, or of another split of it",
                where=place,
                value=f"{found[0]}, {found[1]} particles",
                allowed=f"{list(volume.shape)}, {particles.n} particles",
                next_step="mesh the volume again",
            )
    interior = bool(header["mesh settings"]["interior_only"])
    if interior == (cut == "mirror"):
        raise InputError(
            "the set has no particles that the end of the volume cuts"
            if interior
            else f"the set has particles that the end of the volume cuts, which the rule {cut!r} leaves out",
            where="cut (--cut)",
            value=cut,
            next_step="mesh the volume with --edge" if interior else "mesh the volume without --edge",
        )
    outside = float(header[PHASE_FRACTIONS]["outside"])
    if outside > 0.0:
        raise InputError(
            "a part of the volume was not imaged: its cross section is not known",
            where="volume",
            value=f"{outside:.3g} outside the field of view",
            next_step="crop the volume to a box within the field of view",
        )


def _conductivity(template: Case) -> float:
    """Return the conductivity of the electrolyte at the one temperature of a protocol [S/m]."""
    levels = template.protocol.plan.temperatures(template.protocol.temperature)
    if len(levels) != 1:
        raise InputError(
            "an effective conductivity measured in the volume is stated for one temperature",
            where="protocol",
            value=f"{len(levels)} temperatures",
            next_step="use a protocol at one temperature, or all particles at one potential (no --layers)",
        )
    ((temperature, asked),) = levels.items()
    return conductivity_at(electrolyte_of(template.electrolyte), temperature, where=asked)


def _extent(meshed: ParticleSet, axis: str) -> tuple[float, float]:
    """Return length along an axis [m] and cross section [m2] of the volume of a set."""
    sizes, size = (
        dict(zip("zyx", meshed.header["shape (z, y, x)"], strict=True)),
        float(meshed.header["voxel size [m]"]),
    )
    count = sizes.pop(axis)
    first, second = sizes.values()
    return count * size, first * second * size**2


def _composition(binder: float, active: float, density: float) -> dict[str, float]:
    """Return the masses [kg] of active material, polymer and carbon for volumes [m3] of binder and active material.

    In the binder polymer and carbon are as in the default composition.
    """
    parts, densities = dict(zip(CONSTITUENTS, COMPOSITION, strict=True)), Densities()
    own = {name: getattr(densities, name) for name in ("polymer", "carbon")}
    size = {name: parts[name] / each for name, each in own.items()}
    masses = {name: binder * size[name] / sum(size.values()) * each for name, each in own.items()}
    return {"active": active * density, **masses}
