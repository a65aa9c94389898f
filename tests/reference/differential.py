"""Random cases through the program and the reference: `python -m tests.reference.differential --help`."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.reference.cases import KINDS, VARIANTS, draw
from tests.reference.compare import Comparison, Tolerance, compare
from tests.reference.materials import TERM_AMPLITUDE, TERM_CENTRE, TERM_SCALE, EndOfDischarge


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reference.differential", description=__doc__)
    parser.add_argument("--cases", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=(*KINDS, *VARIANTS), default="radial")
    parser.add_argument("--json", type=Path, help="write every comparison here, one JSON document a line")
    parser.add_argument("--cache", type=Path, help="folder that keeps the reference's runs from one call to the next")
    parser.add_argument("--levels", type=int, default=3, help="grids of the reference, at most (2 to 4)")
    parser.add_argument("--duration", type=float, default=Tolerance.duration, help="tolerance, relative")
    parser.add_argument("--voltage", type=float, default=Tolerance.voltage, help="tolerance [V]")
    parser.add_argument("--contact", type=float, default=Tolerance.contact, help="tolerance in x")
    parser.add_argument("--solver-tolerance", type=float, help="solver.tolerance of the program")
    parser.add_argument("--mesh", choices=["default", "fine"], help="particle.mesh of the program")
    parser.add_argument("--term", type=float, nargs=3, metavar=("AMPLITUDE", "CENTRE", "SCALE"),
                        default=(TERM_AMPLITUDE, TERM_CENTRE, TERM_SCALE), help="end-of-discharge term")  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="every step, not only those that differ")
    return parser.parse_args(arguments)


def _number(value: float, form: str) -> str:
    return "-" if not math.isfinite(value) else format(value, form)


def line(comparison: Comparison, tolerance: Tolerance, verbose: bool = False) -> str:
    """One line for a case, and one for every step that differs."""
    bad = comparison.bad(tolerance)
    unresolved = sum(not step.resolved for step in comparison.steps)
    verdict = "FAILED" if comparison.failure else "DIFFERS" if bad else "ok"
    head = f"{comparison.label:24s} {verdict:8s} {len(comparison.steps)} steps"
    head += f", {unresolved} unresolved" if unresolved else ""
    head += f", {len(comparison.warnings)} warnings" if comparison.warnings else ""
    head += f"   {comparison.program_wall:.2f} s / {comparison.reference_wall:.1f} s (level {comparison.level:g})"
    rows = [head]
    if comparison.failure:
        rows.append("    " + comparison.failure.splitlines()[0])
    for k, step in enumerate(comparison.steps):
        if not (verbose or k in bad):
            continue
        rows.append(
            f"    {k + 1} {step.text}: {step.program_reason}"
            + ("" if step.same_reason else f" (reference: {step.reason})")
            + f", {_number(step.program_duration, '.6g')} s for {_number(step.duration, '.6g')} s"
            + f" ({_number(100 * step.d_duration, '+.3f')} %,"
            + f" reference +-{_number(100 * step.duration_error, '.3f')} %)"
            + f", charge {_number(100 * step.d_charge, '+.3f')} %"
            + f", V {_number(1e3 * step.d_voltage, '.2f')} mV, end {_number(1e3 * step.d_end_voltage, '+.2f')} mV"
            + f", x {_number(step.d_contact, '.1e')}"
            + (f", side charge {_number(100 * step.d_side, '.3f')} %" if math.isfinite(step.d_side) else "")
            + ("" if step.resolved else "   [reference unresolved]")
        )
    return "\n".join(rows)


def kind_of(text: str) -> str:
    """Charge, Discharge, Hold or Rest."""
    return text.split(maxsplit=1)[0]


def summary(comparisons: list[Comparison], tolerance: Tolerance) -> str:
    """Worst differences by kind of step, over the steps that the reference resolves and that ended alike."""
    head = "step        number  unresolved  other reason  differ   worst duration  charge      V [mV]*   x"
    with_side = any(math.isfinite(step.d_side) for one in comparisons for step in one.steps)
    rows = [head + ("        side charge" if with_side else "")]
    for kind in ("Charge", "Discharge", "Hold", "Rest"):
        steps = []
        for one in comparisons:
            for step in one.steps:
                if kind_of(step.text) == kind:
                    steps.append(step)
                if not step.same_reason or step.reason == "failed":
                    break
        alike = [s for s in steps if s.resolved and s.same_reason and math.isfinite(s.d_duration)]

        def worst(name: str, alike: list[Any] = alike) -> float:
            return max((abs(getattr(s, name)) for s in alike), default=float("nan"))

        rows.append(
            f"{kind:10s} {len(steps):7d} {sum(not s.resolved for s in steps):11d} "
            f"{sum(not s.same_reason and s.reason != 'failed' for s in steps):13d} "
            f"{sum(s.bad(tolerance) and s.reason != 'failed' for s in steps):7d} "
            f"{_number(100 * worst('d_duration'), '14.3f')} % {_number(100 * worst('d_charge'), '8.3f')} % "
            f"{_number(1e3 * worst('d_voltage_beyond'), '9.2f')} {_number(worst('d_contact'), '9.1e')}"
            + (f" {_number(100 * worst('d_side'), '14.3f')} %" if with_side else "")
        )
    failed = sum(bool(one.failure) for one in comparisons)
    differing = [one for one in comparisons if one.bad(tolerance) or one.failure]
    rows.append(f"{len(comparisons)} cases, {len(differing)} differ ({failed} of them failed), "
                f"{sum(not one.warnings for one in differing)} of these without a warning")  # fmt: skip
    rows.append("* beyond what an error of 1e-4 in x makes of the voltage at the potential's slope there")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare cases, print a line for each and a summary; 1 where any differs."""
    options = _arguments(arguments)
    tolerance = Tolerance(options.duration, options.duration, options.voltage, options.contact)
    comparisons = []
    sink = options.json.open("w") if options.json else None
    for number in range(options.first, options.first + options.cases):
        specimen = draw(options.kind, options.seed, number)
        keys = specimen.keys()
        if options.solver_tolerance:
            keys["solver"] = {"tolerance": options.solver_tolerance}
        if options.mesh:
            keys["particle"]["mesh"] = options.mesh
        one = compare(specimen, tolerance, EndOfDischarge(*options.term), options.cache, options.levels, keys)
        comparisons.append(one)
        print(line(one, tolerance, options.verbose), flush=True)
        if sink:
            sink.write(json.dumps(one.plain()) + "\n")
            sink.flush()
    if sink:
        sink.close()
    print(summary(comparisons, tolerance))
    return int(any(one.bad(tolerance) or one.failure for one in comparisons))


if __name__ == "__main__":
    sys.exit(main())
