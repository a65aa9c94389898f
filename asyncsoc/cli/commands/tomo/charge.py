"""`asyncsoc tomo charge`: charge every particle of a set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from asyncsoc.base.errors import InputError, InterruptedRunError, SimulationError, unknown_name
from asyncsoc.cli.console import note as note_line
from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.options import Json, Quiet
from asyncsoc.cli.tomo_volume import (
    Bar,
    Block,
    Dataset,
    Halo,
    Labels,
    MaxSize,
    MinVoxels,
    Note,
    Only,
    ParticleIds,
    RawOffset,
    RawShape,
    RawType,
    Source,
    SplitDepth,
    VoxelSize,
    Workers,
    particle_numbers,
)

ORDER = 30
KINDS = ("particles", "electrode")
_RESCUED = Path("asyncsoc-output")
"""Folder for what was charged before an interruption where the user named none."""


def charge(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|VOLUME",
            help="Folder written by 'asyncsoc tomo mesh'; a volume, with --as or --uncertainty.",
        ),
    ],
    case: Annotated[
        Path,
        typer.Argument(
            metavar="CASE.toml", help="Case file; its particle and contact are replaced by those of the folder."
        ),
    ],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a key of the case; repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder for table and figure.")
    ] = None,
    only: Only = None,
    spheres: Annotated[
        bool, typer.Option("--spheres/--no-spheres", help="Also simulate the equivalent spheres.")
    ] = True,
    kind: Annotated[
        str, typer.Option("--as", metavar="KIND", help="particles: each by itself; electrode: all share one cell.")
    ] = "particles",
    separator: Annotated[
        str | None,
        typer.Option(metavar="SIDE", help="Electrode: side of the volume at the separator, x-low, ... z-high."),
    ] = None,
    layers: Annotated[
        int | None,
        typer.Option(metavar="K", min=1, help="Electrode: layers by depth; default: all particles at one potential."),
    ] = None,
    cut: Annotated[
        str, typer.Option(metavar="RULE", help="Electrode: particles that the volume cuts; drop, mirror or scale.")
    ] = "drop",
    repeat: Annotated[
        float, typer.Option(metavar="N", help="Electrode: how often the volume's cross section is in it.")
    ] = 1.0,
    conducting: Annotated[
        str, typer.Option(metavar="PHASES", help="Electrode in layers: phases that conduct lithium ions.")
    ] = "pore+cbd",
    uncertainty: Annotated[
        int | None,
        typer.Option(metavar="N", min=2, help="Bands over N draws of what the segmentation of a volume leaves open."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Uncertainty: of the random draws.")] = 0,
    shift: Annotated[
        float, typer.Option(metavar="VOXELS", help="Uncertainty: standard deviation of a boundary's shift.")
    ] = 0.5,
    correlation: Annotated[
        float, typer.Option(metavar="VOXELS", help="Uncertainty: over which shifts are smooth.")
    ] = 4.0,
    labels: Labels = None,
    voxel_size: VoxelSize = None,
    dataset: Dataset = None,
    raw_shape: RawShape = None,
    raw_type: RawType = None,
    raw_offset: RawOffset = 0,
    max_size: MaxSize = None,
    particle_ids: ParticleIds = None,
    split_depth: SplitDepth = 1.0,
    block: Block = None,
    halo: Halo = None,
    min_voxels: MinVoxels = 300,
    workers: Workers = 1,
    note: Note = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate every particle of a set, or all as one electrode.

    With --spheres, a sphere of the same volume and coverage is simulated beside each.
    """
    from asyncsoc.cli.progress import counting_bar

    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS, where="--as")
    source = Source(
        folder, labels, voxel_size, dataset, raw_shape, raw_type, raw_offset, max_size, particle_ids, split_depth,
        block, halo, workers,
    )  # fmt: skip
    if kind == "electrode" and uncertainty is not None:
        raise InputError(
            "bands are made of particles that are charged by themselves", where="--uncertainty",
            next_step="remove --as electrode, or --uncertainty",
        )  # fmt: skip
    if kind == "electrode":
        from asyncsoc.cli.tomo_electrode import ElectrodeOptions, charge_as_electrode

        if only is not None:
            raise InputError(
                "an electrode has all particles of its set", where="--only", value=only,
                next_step="mesh some into a set of their own: asyncsoc tomo mesh --only",
            )  # fmt: skip
        options = ElectrodeOptions(separator, layers, cut, repeat, conducting, min_voxels)
        charge_as_electrode(source, case, overrides or (), options, output, json=json, quiet=quiet)
        return
    if uncertainty is not None:
        from asyncsoc.cli.tomo_uncertainty import UncertaintyOptions, charge_as_uncertain

        drawn = UncertaintyOptions(uncertainty, seed, shift, correlation, only, min_voxels, note)
        charge_as_uncertain(source, case, overrides or (), drawn, output, json=json, quiet=quiet)
        return
    with counting_bar(quiet=quiet or json, runs=True, solid=True) as bar:
        document = _charge(folder, case, overrides or (), output, only, spheres, workers, note, bar)
    if json:
        print_document(document)
    elif not quiet:
        _print(document)


def _charge(
    folder: Path, case: Path, overrides: Sequence[str], output: Path | None, only: str | None, spheres: bool,
    workers: int, note: str, bar: Bar,
) -> dict[str, Any]:  # fmt: skip
    """Charge the particles in `folder`, keep table and figure where asked, and return what is to be said about them.

    Raises
    ------
    InputError
        The case, the particles or the output are wrong.
    SimulationError
        No particle could be charged.
    InterruptedRunError
        After Ctrl-C; what was charged is kept first.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.studies.particle_sets.charge import ChargedSet, charge_set
    from asyncsoc.studies.particle_sets.files import to_document, write_charged
    from asyncsoc.studies.particle_sets.summary import summary
    from asyncsoc.tomography.particle_set import read_set

    template, particles = Case.from_toml(case, overrides), read_set(folder)
    try:
        charged = charge_set(
            particles, template, workers=workers, spheres=spheres, only=particle_numbers(only),
            progress=(lambda done, total: bar(done, total, "charging")) if bar else None,
        )  # fmt: skip
    except InterruptedRunError as error:
        partial, error.partial = error.partial, None
        if isinstance(partial, ChargedSet) and (partial.rows or partial.failed):
            kept = write_charged(partial, output or _RESCUED)
            note_line(f"the particles charged so far are saved in {kept[0]}")
        raise
    files: list[Path] = []
    if output is not None:
        files = write_charged(charged, output)
    if not charged.rows:
        wrong = all("the particle file is not the one" in str(failure["reason"]) for failure in charged.failed)
        raise (InputError if wrong else SimulationError)(
            "no particle could be charged", where=str(folder), value=charged.failed[0]["reason"],
            next_step="the reason of each particle is in charged.json, with -o DIR",
        )  # fmt: skip
    if output is not None:
        from asyncsoc.studies.particle_sets.pictures import save_picture

        files.append(save_picture(charged, output, note=note))
    return {**to_document(charged), "summary": summary(charged), "files": [str(file) for file in files]}


def _printed(quantity: str) -> str:
    """Return what the table calls a column of charged.csv."""
    return quantity.replace("lead", "asynchrony")


def _print(document: dict[str, Any]) -> None:
    """Print what became of the particles."""
    header = document["header"]
    rows = [(name, header[name]) for name in ("charged", "failed", "wall time [s]")]
    print_table(("quantity", "value"), [*rows, ("largest lithium balance error", document["summary"]["balance"])])
    table = document["summary"]["medians"]
    if table:
        print_table(list(table[0]), [(_printed(row["quantity"]), *list(row.values())[1:]) for row in table])
    if document["failed"]:
        rows = [(row["particle"], row["reason"]) for row in document["failed"]]
        print_table(("particle", "why it failed"), rows)
    print_line("\n".join(document["files"]) if document["files"] else "not saved: add -o DIR to save the result")
