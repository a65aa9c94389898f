"""`asyncsoc tomo charge --uncertainty N`: bands of particles over what the segmentation leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.cli.tomo_volume import Source, load_labels, particle_numbers


@dataclass(frozen=True)
class UncertaintyOptions:
    """What the command is told of the draws."""

    draws: int
    seed: int
    shift: float
    correlation: float
    only: str | None
    min_voxels: int
    note: str


def charge_as_uncertain(
    source: Source,
    case: Path,
    overrides: Sequence[str],
    options: UncertaintyOptions,
    output: Path | None,
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Draw segmentations, charge the particles of each, keep the bands where asked and show them.

    Raises
    ------
    InputError
        The volume, the case or an option is wrong.
    SimulationError
        No particle could be charged.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.cli.progress import counting_bar
    from asyncsoc.studies.particle_sets.uncertainty import charge_uncertainty
    from asyncsoc.studies.particle_sets.uncertainty_files import to_document, write_uncertainty
    from asyncsoc.tomography.mesher import MeshSettings
    from asyncsoc.tomography.particle_set import MANIFEST

    if (source.path / MANIFEST).is_file():
        raise InputError(
            "a set of particles does not say how its volume may be segmented", where=str(source.path),
            next_step="give the volume in place of the set, with --labels and --voxel-size",
        )  # fmt: skip
    if source.particle_ids is not None:
        raise InputError(
            "given particle numbers cannot be split otherwise", where="--particle-ids", next_step="remove it"
        )
    template, numbers = Case.from_toml(case, overrides), particle_numbers(options.only)
    with counting_bar(quiet=quiet or json, runs=True, solid=True) as bar:
        uncertain = charge_uncertainty(
            load_labels(source, bar), template, options.draws, seed=options.seed, only=numbers,
            split_depth=source.split_depth, settings=MeshSettings(min_voxels=options.min_voxels),
            shift=options.shift, correlation=options.correlation, workers=source.workers, progress=bar,
        )  # fmt: skip
    if not uncertain.rows:
        raise SimulationError("no particle could be charged", where=str(source.path))
    files = [] if output is None else write_uncertainty(uncertain, output, note=options.note)
    document: dict[str, Any] = {**to_document(uncertain), "files": [str(file) for file in files]}
    if json:
        print_document(document)
    elif not quiet:
        _print(document, uncertain)


def _print(document: dict[str, Any], uncertain: Any) -> None:
    """Print medians of the bands, the shares of the sources, and what became of the particles."""
    import numpy as np

    rows = []
    for name, shares in document["header"]["shares of the sources"].items():
        low, high = uncertain.column(f"{name}, 5 %"), uncertain.column(f"{name}, 95 %")
        shown = ["" if share is None else f"{share:.2f}" for share in shares.values()]
        middle = float(np.nanmedian(uncertain.column(f"{name}, baseline")))
        width = float(np.nanmedian(high - low)) if np.isfinite(high - low).any() else float("nan")
        rows.append((name.replace("lead", "asynchrony"), middle, width, *shown))
    sources: dict[str, float | None] = next(iter(document["header"]["shares of the sources"].values()), {})
    heads = ("quantity", "median", "median width, 5 to 95 %", *(f"share of {source}" for source in sources))
    print_table(heads, rows)
    fates = [key for key in document["particles"][0] if key.startswith("draws: ")]
    print_table(
        ("a particle in another draw", "times"),
        [(key.removeprefix("draws: "), sum(row[key] for row in document["particles"])) for key in fates],
    )
    print_line("\n".join(document["files"]) if document["files"] else "not saved: add -o DIR to save the result")
