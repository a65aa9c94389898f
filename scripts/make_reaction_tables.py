"""Write the reaction-energy tables that come with the package: python scripts/make_reaction_tables.py (minutes)."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from asyncsoc.materials.registry import cathode, cathode_names
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.reactants import reactant, reactant_names
from asyncsoc.materials.thermochemistry.reaction import KINDS
from asyncsoc.materials.thermochemistry.ready import FILE, FORMAT, SHIPPED, fingerprint, sampled_work
from asyncsoc.materials.thermochemistry.table import tabulate

DECIMALS = 9


def main() -> None:
    """Make a table for every host, reactant, kind and conditions."""
    known = [name for name in cathode_names() if cathode(name).lithiated is not None]
    hosts = {host.name: host for host in map(named_host, known)}
    tables = []
    for host in hosts.values():
        for conditions, name, kind in product(SHIPPED, reactant_names(), KINDS):
            table = tabulate(host, reactant(name), kind=kind, conditions=conditions)
            tables.append(
                {
                    "host": host.name,
                    "reactant": name,
                    "kind": kind,
                    "energy": conditions.energy,
                    "temperature [K]": conditions.temperature,
                    "interpolation error [eV/atom]": round(table.interpolation_error, 7),
                    "energy [eV/atom]": [round(float(value), DECIMALS) for value in table.energy],
                }
            )
    head = {"format": FORMAT, "made from sha256": fingerprint()}
    work = {name: [round(value, DECIMALS) for value in sampled_work(host)] for name, host in hosts.items()}
    lines = ",\n".join(json.dumps(table) for table in tables)
    text = f'{json.dumps(head)[:-1]}, "hosts": {json.dumps(work)}, "tables": [\n{lines}\n]}}\n'
    json.loads(text)
    folder = Path(__file__).parents[1] / "asyncsoc" / "materials" / "thermochemistry" / "data"
    (folder / FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
