"""What it would take: for each row that is not reproduced, each candidate outside of the bound, with its constants.

    python -m benchmarks.paper.what_it_takes      # computes the constants, writes docs/paper_what_it_takes.json
    python -m benchmarks.paper --page             # the page with the table from what is stored

The numbers are computed in `first_charge_candidates` (P2, P6) and `cycle_candidates` (P4); `candidate_cells` says what
they mean. Rows are stored as soon as they are computed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from asyncsoc.base.files import write_text

STORED = Path(__file__).parents[2] / "docs" / "paper_what_it_takes.json"

BOUND = """**The bound.** Let U(x) fall strictly with x, the temperature be constant, U have no hysteresis, the
current at every point of the contact have the sign of v - U(x) there, and the diffusion obey a maximum principle.
Then at every point of a particle, for any history,

    U(x(t)) <= max( max over the particle of U(x(0)), max over s <= t of v(s) ),

where v is the potential that drives the particle; a film only helps, since its drop has the sign of the current. With
every drop between particle and cell at least zero on charge, v <= V, the cell voltage. So in one charge from rest
with a rising voltage **the contact of a partly covered particle is at no cell voltage more delithiated than U(x) = V
allows, which a well covered particle reaches too**: whatever the coverage, no group and no network of particles puts
the contact of Cal ahead of Hot-Cal's at one cell voltage. At equal *mean* stoichiometry it is ahead, which is the
paper's effect.

It is a statement about running maxima. After a step down of the current a well covered particle can have U(x) > v at
its contact while the cell still charges. Tetrahedral meshes break the maximum principle by some 2e-3 in x.
`tests/test_paper_bound.py` checks it for random protocols, coverages, films and side reactions.

What lies outside of it: (a) a finite amount of something that can be oxidised, at each contact or in each volume of
polymer, consumed once; (b) a potential drop in a dry polymer towards a constricted contact; (c) a rate that needs
carbon; (d) a coverage that falls while cycling; (e) particles that become isolated."""


def stored(path: Path = STORED) -> dict[str, float]:
    """Return the numbers that are kept, by name."""
    if not path.is_file():
        return {}
    found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return found


def keep(new: Mapping[str, float], path: Path = STORED) -> None:
    """Write numbers beside those that are kept, six digits each; read again, since others may have written."""
    rounded = {name: float(f"{value:.6g}") for name, value in new.items()}
    write_text(path, json.dumps(dict(sorted({**stored(path), **rounded}.items())), indent=1) + "\n")


def main() -> None:
    """Compute and keep the numbers of the candidates; a part of them where it is named."""
    from benchmarks.paper import cycle_candidates as cycles
    from benchmarks.paper import first_charge_candidates as first

    plain: dict[float, first.Charged] = {}

    def of(coverages: tuple[float, float]) -> dict[float, first.Charged]:
        plain.update({f: first.charged(f) for f in coverages if f not in plain})
        return plain

    both = (first.CAL, first.HOT_CAL)
    parts = {
        "amounts": first.sourced_amounts,
        "P2": lambda: first.plateau_numbers(of(both)),
        "P6": lambda: first.infrared_numbers(of(both)),
        "P4-film": cycles.resistance_numbers,
        "P4-coverage": cycles.coverage_numbers,
        "P4-isolation": cycles.isolation_numbers,
        "P4-cycled": cycles.consumed_numbers,
    }
    for name in sys.argv[1:] or list(parts):
        if name not in parts:
            raise SystemExit(f"{name} is no part; parts are {', '.join(parts)}")
        begun = time.monotonic()
        keep(parts[name]())
        sys.stdout.write(f"{name:12} {time.monotonic() - begun:6.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
