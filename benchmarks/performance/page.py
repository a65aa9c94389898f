"""Fill the tables of docs/performance.md from the suite's JSON document.

python -m benchmarks.performance.page FILE [PAGE]

A table stands between `<!-- NAME -->` and `<!-- end NAME -->`; everything else on the page is left alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
PARTS = ("single", "sweep", "radial", "axisymmetric", "scaling", "roof", "sizes", "layers", "work-precision")


def markdown(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table; numbers with three digits."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    return f"{value:.0f}" if 100.0 <= abs(value) < 1e5 else f"{value:.2g}" if abs(value) < 0.01 else f"{value:.3g}"


def factors(parts: dict[str, Any]) -> str:
    """Return what must be reached, part by part, with the command."""
    rows = []
    for name in PARTS:
        for factor in parts.get(name, {}).get("factors", []):
            side = "at least" if factor["at_least"] else "at most"
            met = "yes" if factor["met"] else "**no**"
            rows.append((factor["name"], float(factor["value"]), f"{side} {factor['target']:g}", met, f"`{name}`"))
    return markdown(("what", "measured", "target", "met", "`--only`"), rows)


def machine(parts: dict[str, Any]) -> str:
    """Return where and when the parts were measured."""
    rows = []
    for name in PARTS:
        if name in parts:
            origin = parts[name]["origin"]
            host = origin["machine"]
            load = host["load average over a minute"]
            rows.append((f"`{name}`", origin["date"][:16], f"{host['processor']}, {host['cores']} cores", float(load)))
    return markdown(("part", "measured (UTC)", "machine", "load at its end"), rows)


def single(found: dict[str, Any]) -> str:
    """Return everyone's best run."""
    unit = found["best"][0]["solve"]
    rows = [
        (t["method"], t["setting"], t["steps"], t["set_up"], t["solve"], f"{t['error']:.1e}", t["solve"] / unit)
        for t in found["best"]
    ]
    return markdown(("method", "setting", "steps", "set-up [s]", "solve [s]", "error", "over ours"), rows)


def sweep(found: dict[str, Any]) -> str:
    """Return times per member."""
    core, wall = "process time per member, 1 thread [s]", "wall time per member, 2 threads [s]"
    rows: list[Sequence[object]] = []
    for kinetics, entry in found["batch"].items():
        worst = f"{max(entry['errors by coverage'].values()):.1e}"
        setting = f"tolerance {entry['tolerance']:.2g}"
        rows.append((f"asyncsoc, batch of {found['members']}, {kinetics}", setting, entry[core], entry[wall], worst))
    for peer in found["peers at coverage 0.3"]:
        share = peer["mean cost over that at 0.3"]
        setting = f"{peer['setting']}, {share:.3g} of the cost at 0.3"
        rows.append((peer["method"], setting, peer["solve"] * share, "-", f"{peer['error']:.1e}"))
    return markdown(("method", "setting", "core time per member [s]", "wall, 2 threads [s]", "worst error"), rows)


def radial(found: dict[str, Any]) -> str:
    """Return both programs at either error."""
    rows = [
        (f"{row['target']:g}", row["method"], row["setting"], row["milliseconds"], f"{row['error']:.1e}")
        for row in found["best"]
    ]
    return markdown(("error allowed", "program", "setting", "core time per member [ms]", "error"), rows)


def axisymmetric(found: dict[str, Any]) -> str:
    """Return members per second."""
    return markdown(("both cores", "members per second"), list(found["members per second"].items()))


def scaling(found: dict[str, Any]) -> str:
    """Return cost and memory by size."""
    keys = {
        "unknowns": "unknowns",
        "solve [s]": "charge [s]",
        "steps": "steps",
        "iterations per solve": "iterations per solve",
        "ordering [s]": "ordering [s]",
        "assembly [s]": "assembly [s]",
        "memory of the charge per unknown [B]": "memory of the charge [B/unknown]",
        "memory of ordering per unknown [B]": "of ordering",
        "memory of the assembly per unknown [B]": "of assembly",
    }
    return markdown(tuple(keys.values()), [[row[key] for key in keys] for row in found["rows"]])


def roof(found: dict[str, Any]) -> str:
    """Return roofs and ratios."""
    rows: list[Sequence[object]] = list(found["roofs"].items())
    rows += [
        ("footprint of the inner solve [MB]", found["footprint [MB]"]),
        ("iterations per solve", found["iterations per solve"]),
        *found.get("ratios", {}).items(),
    ]
    return markdown((f"{found['members']} members, {found['unknowns']} unknowns", ""), rows)


def sizes(found: dict[str, Any]) -> str:
    """Return both programs at either error in the voltage."""
    rows = [
        (row["set"], row["target"], row["method"], row["setting"], row["milliseconds"], f"{row['error']:.1e}")
        for row in found["best"]
    ]
    return markdown(("set", "error allowed [V]", "program", "setting", "process time [ms]", "error [V]"), rows)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "single": single,
    "sweep": sweep,
    "radial": radial,
    "axisymmetric": axisymmetric,
    "scaling": scaling,
    "roof": roof,
    "sizes": sizes,
    "layers": sizes,
}


def filled(page: str, parts: dict[str, Any]) -> str:
    """Return the page with every table the document has numbers for."""
    texts = {name: maker(parts[name]) for name, maker in TABLES.items() if name in parts}
    texts |= {"factors": factors(parts), "machine": machine(parts)}
    for name, text in texts.items():
        first, last = f"<!-- {name} -->", f"<!-- end {name} -->"
        before, opened, rest = page.partition(first)
        _, closed, after = rest.partition(last)
        if opened and closed:
            page = f"{before}{first}\n\n{text}\n\n{last}{after}"
    return page


def main() -> int:
    """Rewrite the page."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = Path(sys.argv[2]) if len(sys.argv) > 2 else PAGE
    page.write_text(filled(page.read_text(encoding="utf-8"), document["parts"]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
