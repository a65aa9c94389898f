"""Tables and pictures of titrations and of the bias chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncsoc.base.files import write_text
from asyncsoc.base.paths import path_of
from asyncsoc.studies.gitt.bias import BiasRow
from asyncsoc.studies.gitt.pulses import GittResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOT_WRITTEN = "the titration cannot be saved"
_DIRECTIONS = ("charge", "discharge")


def titration_csv(result: GittResult) -> str:
    """Return the pulses as a CSV table with a head line of names and units; what is not known is empty."""
    document = result.document()
    columns = {name: values for name, values in document.items() if name not in ("name", "radius [m]", "notes")}
    lines = [",".join(columns)]
    lines += [",".join(_cell(value) for value in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    return "" if math.isnan(number) else f"{number:.10g}"


def titration_picture(results: dict[str, GittResult], *, title: str = "", note: str = "") -> Figure:
    """Return D1 and diffusivities of titrations against voltage; pulses that a limit cut short are left out.

    Parameters
    ----------
    results
        Titrations by name. The first has the first two colours, for charge and discharge; cycles after the first are
        dashed.
    title, note
        What is seen, and what it rests on.
    """
    from asyncsoc.plotting.gitt import TitrationLine, titration_figure

    lines = []
    for place, (name, result) in enumerate(results.items()):
        for cycle in sorted({pulse.cycle for pulse in result.pulses}):
            for turn, direction in enumerate(_DIRECTIONS):
                one = result.of(cycle=cycle, direction=direction, whole=True)
                if not one.pulses:
                    continue
                lines.append(
                    TitrationLine(
                        ", ".join([*([name] if name else []), f"{direction} {cycle}"]),
                        one.column("voltage"),
                        one.column("d1"),
                        one.column("apparent"),
                        one.column("true"),
                        colour=2 * place + turn,
                        dashed=cycle > 1,
                    )
                )
    return titration_figure(lines, title=title, note=note)


def write_titration(result: GittResult, directory: str | Path) -> list[Path]:
    """Write table and picture of a titration into a folder and return their paths.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    from asyncsoc.plotting.reaction import save_reaction_figure

    folder, stem = path_of(directory), Path(result.name).stem or "titration"
    table = folder / f"{stem}-gitt.csv"
    write_text(table, titration_csv(result), _NOT_WRITTEN)
    figure = titration_picture({"": result}, title=result.name)
    return [table, save_reaction_figure(figure, folder / f"{stem}-gitt.png")]


def bias_picture(rows: Sequence[BiasRow]) -> Figure:
    """Return the bias chart, a panel for every number of patches."""
    import numpy as np

    from asyncsoc.plotting.gitt import BiasCurve, bias_figure

    panels = {}
    for patches in sorted({row.patches for row in rows}):
        title = "One round patch" if patches == 1 else f"{patches} even patches"
        curves = []
        for coverage in sorted({row.coverage for row in rows if row.patches == patches}):
            chosen = [row for row in rows if row.patches == patches and row.coverage == coverage]
            tau = np.array([row.tau for row in chosen])
            curves.append(BiasCurve(coverage, tau, np.array([row.apparent_over_true for row in chosen])))
        panels[title] = curves
    note = (
        "Sphere of constant D, uniform flux under round patches, jumps removed, complete rests. "
        "Dotted: 4/(9π) R²/(D t), where the formula saturates."
    )
    return bias_figure(panels, note=note)


def write_chart(rows: Sequence[BiasRow], directory: str | Path) -> list[Path]:
    """Write the bias chart as a table and a picture into a folder and return their paths.

    Raises
    ------
    InputError
        They cannot be written there.
    """
    from asyncsoc.plotting.reaction import save_reaction_figure

    folder = path_of(directory)
    table = folder / "gitt-bias.csv"
    write_text(table, chart_csv(rows), _NOT_WRITTEN)
    return [table, save_reaction_figure(bias_picture(rows), folder / "gitt-bias.png")]


def chart_csv(rows: Sequence[BiasRow]) -> str:
    """Return the bias chart as a CSV table."""
    lines = ["coverage,patches,D t/R2,apparent over true diffusivity"]
    lines += [f"{row.coverage:g},{row.patches},{row.tau:.6g},{row.apparent_over_true:.6g}" for row in rows]
    return "\n".join(lines) + "\n"
