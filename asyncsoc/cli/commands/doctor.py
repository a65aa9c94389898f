"""`asyncsoc doctor`: what asyncsoc needs on this machine, and what is missing."""

from __future__ import annotations

from dataclasses import asdict

import typer

from asyncsoc.base.errors import EnvironmentProblem
from asyncsoc.cli.console import print_document, print_table
from asyncsoc.cli.options import Json

ORDER = 60


def doctor(json: Json = False) -> None:
    """Check the installation and this machine.

    Exit code 4 where something needed is missing.
    """
    from asyncsoc.cli.installation import passed, run_checks

    checks = run_checks()
    well = passed(checks)
    if json:
        print_document({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        rows = [
            ("ok" if check.ok else "MISSING" if check.required else "absent", check.name, check.detail, check.next_step)
            for check in checks
        ]
        print_table(("", "checked", "found", "what to do"), rows)
    raise typer.Exit(0 if well else EnvironmentProblem.exit_code)
