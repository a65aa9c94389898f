"""`asyncsoc verify` and `asyncsoc doctor`."""

from __future__ import annotations

from dataclasses import asdict

from asyncsoc.base.errors import EnvironmentProblem, SimulationError
from asyncsoc.cli.console import note, print_document, print_table
from asyncsoc.cli.progress import counting_bar

_CHECK = ("name", "value", "reference", "tolerance", "passed", "note")
_SHOWN = _CHECK[:-1]


def verify_solver(*, json: bool, three_dimensional: bool = False) -> int:
    """Run the verification suite, show it, and return the exit code."""
    from asyncsoc.studies.verification.suite import run_checks

    with counting_bar(quiet=False, runs=True) as progress:
        checks = run_checks(progress, three_dimensional=three_dimensional)
    failed = [check.name for check in checks if not check.passed]
    if json:
        print_document({"checks": [{name: getattr(check, name) for name in _CHECK} for check in checks]})
    else:
        print_table(_SHOWN, ([getattr(check, name) for name in _SHOWN] for check in checks))
        note(f"{len(checks) - len(failed)} of {len(checks)} checks passed" + _named(failed))
    return SimulationError.exit_code if failed else 0


def examine_machine(*, json: bool) -> int:
    """Look at the machine, show what was found, and return the exit code."""
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
    return 0 if well else EnvironmentProblem.exit_code


def _named(failed: list[str]) -> str:
    return f"; failed: {', '.join(failed)}" if failed else ""
