"""`asyncsoc tomo charge --as electrode`: a volume, or a set of its particles, as one electrode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.cli.console import note, print_line, print_table
from asyncsoc.cli.tomo_volume import Bar, Source, load

if TYPE_CHECKING:
    from asyncsoc.studies.particle_sets.as_electrode import VolumeElectrode
    from asyncsoc.tomography.particle_set import ParticleSet
    from asyncsoc.tomography.split import Particles
    from asyncsoc.tomography.volume import LabelVolume

SET, CASE, REPORT = "particles", "electrode.toml", "electrode.json"
"""What a folder of results holds beside the result: the particles of a volume, the case, how it was made."""


@dataclass(frozen=True)
class ElectrodeOptions:
    """What the command is told of the electrode."""

    separator: str | None
    layers: int | None
    cut: str
    repeat: float
    conducting: str
    min_voxels: int


def charge_as_electrode(
    source: Source,
    case: Path,
    overrides: Sequence[str],
    options: ElectrodeOptions,
    output: Path | None,
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Make the electrode of a volume or a particle set, simulate it and show what came out.

    Raises
    ------
    InputError
        The volume, the case or an option is wrong.
    SimulationError
        No particle could be meshed, or the protocol could not be carried out.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.cli.commands.run import carry_out
    from asyncsoc.studies.particle_sets.as_electrode import simulate_volume

    template = Case.from_toml(case, overrides)
    made = _electrode(source, template, options, output, quiet=quiet or json)
    written = [] if output is None else _write(made, output)
    if not json and not quiet:
        _print(made)
    carry_out(
        lambda progress: simulate_volume(made, threads=source.workers, progress=progress),
        made.case,
        output,
        json=json,
        quiet=quiet,
        plot=True,
        more={"electrode of the volume": dict(made.report), "made of": [str(file) for file in written]},
    )


def _electrode(
    source: Source, template: Any, options: ElectrodeOptions, output: Path | None, *, quiet: bool
) -> VolumeElectrode:
    """Return the electrode of a particle set, or of a volume that is meshed first."""
    from asyncsoc.cli.progress import counting_bar
    from asyncsoc.studies.particle_sets.as_electrode import electrode_of_volume
    from asyncsoc.tomography.particle_set import MANIFEST, read_set

    if options.separator is None:
        raise InputError(
            "which side of the volume faces the separator is not said",
            where="--separator",
            allowed="x-low, x-high, y-low, y-high, z-low, z-high",
            next_step="add --separator SIDE",
        )
    chosen: dict[str, Any] = {
        "separator": options.separator,
        "layers": options.layers,
        "cut": options.cut,
        "repeat": options.repeat,
        "conducting": [name.strip() for name in options.conducting.replace("+", ",").split(",")],
    }
    if (source.path / MANIFEST).is_file():
        return electrode_of_volume(read_set(source.path), template, **chosen)
    if output is None:
        raise InputError(
            "the meshes of the particles need a folder",
            where="-o",
            next_step="add -o DIR: the particles go into DIR/particles",
        )
    with counting_bar(quiet=quiet) as bar:
        volume, particles = load(source, bar)
        meshed = _meshed(volume, particles, options, output / SET, source.workers, bar)
        told = None if bar is None else lambda _, left: bar(0, 1, f"conduction, imbalance {left:.1e}")
        return electrode_of_volume(meshed, template, volume, particles, **chosen, progress=told)


def _meshed(
    volume: LabelVolume, particles: Particles, options: ElectrodeOptions, folder: Path, workers: int, bar: Bar
) -> ParticleSet:
    """Mesh the particles of a volume; those of its end too where the rule keeps them."""
    from asyncsoc.tomography.mesher import MeshSettings
    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.particle_set import MANIFEST

    settings = MeshSettings(min_voxels=options.min_voxels, interior_only=options.cut != "mirror")
    made = mesh_particles(
        volume, particles, settings, folder=folder, workers=workers,
        progress=(lambda done, total: bar(done, total, "meshing")) if bar else None,
    )  # fmt: skip
    for failure in made.failed:
        note(f"warning: particle {failure['particle']} is left out: {failure['reason']}")
    if not made.rows:
        raise SimulationError(
            "no particle could be meshed", where=str(folder / MANIFEST), value=made.failed[0]["reason"],
            next_step="the manifest lists every particle's reason",
        )  # fmt: skip
    return made


def _write(made: VolumeElectrode, folder: Path) -> list[Path]:
    """Write the case and how it was made; return the files."""
    from asyncsoc.base.files import write_text
    from asyncsoc.base.plain_data import to_document

    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / CASE, made.case.to_toml())
    write_text(folder / REPORT, to_document(dict(made.report)))
    return [folder / CASE, folder / REPORT]


def _print(made: VolumeElectrode) -> None:
    """Print what the electrode of the volume is, and what the rule for cut particles changes."""
    report = dict(made.report)
    rows = [(name, value) for name, value in report.items() if isinstance(value, str | int | float)]
    through = report["conduction"]
    if through is not None:
        rows += [
            (f"{' + '.join(through['phases'])} fraction", through["fraction"]),
            ("relative conductivity", through["relative_conductivity"]),
            ("tortuosity factor", through["tortuosity_factor"]),
        ]
    print_table(("quantity", "value"), rows, title="the electrode of the volume")
    effect = report["effect of the rule"]
    if effect:
        print_table(
            list(effect[0]), [list(row.values()) for row in effect], title="what the rule for cut particles changes"
        )
    print_line("contacts between particles are closed to lithium ions: they are not active")
