"""Options that several commands of `asyncsoc sweep` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncsoc.base.errors import InputError

CaseOrSweep = Annotated[
    Path, typer.Argument(metavar="CASE.toml", help="Case file; or the directory of a sweep, to resume it.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a sweep.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="KEY=VALUES",
        help="KEY=a:b:n, KEY=a:b:n:log or KEY=v1,v2; KEY=a:b is a range for --sample. KEY is a key of the case file "
        "such as contact.coverage, or rate where a step of the protocol has {rate}. Several options form a grid.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder of the sweep; default: <case>-sweep.")
]
Sample = Annotated[
    str | None,
    typer.Option(metavar="SCHEME:N", help="Sample the ranges a:b: lhs:200 (Latin hypercube), sobol:256, halton:100."),
]
Table = Annotated[
    str | None, typer.Option(metavar="FILE", help="CSV or parquet file with one case per row and one key per column.")
]
Replicas = Annotated[int | None, typer.Option(metavar="N", help="Run every case with N seeds of its random contact.")]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Random seed of the sample.")]
Workers = Annotated[int | None, typer.Option(metavar="N", help="Worker processes; default: one per core.")]
Threads = Annotated[int, typer.Option(metavar="N", help="Threads of each worker.")]
Resume = Annotated[bool, typer.Option("--resume", help="Keep the cases that are recorded and run the others.")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="With --resume: run failed cases again.")]
KeepWhat = Annotated[
    str,
    typer.Option(
        "--keep", metavar="WHAT", help="What is stored of each case: summary, curves, or fields (one file per case)."
    ),
]
DaskAddress = Annotated[
    str | None, typer.Option("--dask", metavar="ADDRESS", help="Run on Dask: the address of a scheduler, or local.")
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="Wall time allowed for one case; a case that takes longer is recorded as quarantined."
    ),
]
Width = Annotated[int | None, typer.Option("--batch", metavar="N", help="Number of cases integrated together.")]
AxisName = Annotated[
    str,
    typer.Option("--axis", metavar="NAME", help="Axis onto which all curves are interpolated: time, soc or capacity."),
]
Points = Annotated[int, typer.Option("--points", metavar="N", help="Number of points on that axis.")]
Curves = Annotated[
    list[str] | None, typer.Option("--curve", metavar="NAME", help="Curve to collect; default: all. May be repeated.")
]
CollectToo = Annotated[
    bool, typer.Option("--collect/--no-collect", help="Write the data set and the table at the end.")
]
Plot = Annotated[bool, typer.Option("--plot/--no-plot", help="Draw a picture at the end.")]
HeatMaps = Annotated[
    list[str] | None,
    typer.Option("--heatmap", metavar="NAME", help="Headline number to draw a heat map of. May be repeated."),
]
Units = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="NAME=UNIT", help="Unit of a key or number in heat maps. May be repeated."),
]


def units_of(texts: list[str] | None) -> dict[str, str]:
    """Return the units that `--unit NAME=UNIT` texts give.

    Raises
    ------
    InputError
        A text without name or unit.
    """
    found = {}
    for text in texts or ():
        name, _, unit = (part.strip() for part in text.rpartition("="))
        if not name or not unit:
            raise InputError("a unit is written NAME=UNIT", where="--unit", value=text, allowed="particle.radius=um")
        found[name] = unit
    return found
