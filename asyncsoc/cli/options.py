"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CasePath = Annotated[Path, typer.Argument(metavar="CASE.toml", help="Case file; the folder examples/ has some.")]
OptionalCasePath = Annotated[Path | None, typer.Argument(metavar="[CASE.toml]", help="Case file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key, e.g. contact.coverage=0.2. May be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Directory = Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder to save the result in.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no table.")]
