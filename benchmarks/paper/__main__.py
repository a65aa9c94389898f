"""The paper's table: what An et al. 2023 report, what is computed for it, and a verdict for each.

    python -m benchmarks.paper                 # every row; writes docs/paper.json and docs/paper.md
    python -m benchmarks.paper --only P8,P12   # these rows anew, the others as stored
    python -m benchmarks.paper --quick         # some numbers of every row, compared with the stored ones
    python -m benchmarks.paper --page          # docs/paper.md from what is stored

`make paper` runs the first. Rows are stored as soon as they are computed; how long the whole took stands in
docs/paper_time.json and on the page.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import sys
import time
from pathlib import Path

from asyncsoc.base.files import write_text
from benchmarks.paper.page import TIME, write_page
from benchmarks.paper.rows import MODULES, PaperRow, Skipped, differences, from_document

DOCS = Path(__file__).parents[2] / "docs"


def compute(key: str, *, quick: bool) -> PaperRow:
    """Return a row."""
    module = importlib.import_module(f"benchmarks.paper.{MODULES[key]}")
    found: PaperRow = module.row(quick)
    return found


def stored(docs: Path = DOCS) -> dict[str, PaperRow]:
    """Return the rows that are kept."""
    path = docs / "paper.json"
    if not path.is_file():
        return {}
    return {key: from_document(row) for key, row in json.loads(path.read_text(encoding="utf-8")).items()}


def keep(new: dict[str, PaperRow], docs: Path = DOCS) -> None:
    """Write new rows beside those that are kept, and the page; read again, since another process may have written."""
    rows = {**stored(docs), **new}
    ordered = {key: rows[key].document() for key in MODULES if key in rows}
    write_text(docs / "paper.json", json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    write_text(docs / "paper.md", write_page(rows))


def processor_time() -> float:
    """Return the processor time of this process and of those it has waited for [s]."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def chosen(text: str | None) -> list[str]:
    """Return the rows that are asked for; all without a choice."""
    if text is None:
        return list(MODULES)
    keys = [part.strip().upper() for part in text.split(",")]
    unknown = [key for key in keys if key not in MODULES]
    if unknown:
        raise SystemExit(f"--only: {', '.join(unknown)} is no row; rows are {', '.join(MODULES)}")
    return keys


def main() -> int:
    """Compute, compare or write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.paper", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="P8,P12", help="rows to compute")
    parser.add_argument("--quick", action="store_true", help="compare some numbers of every row with the stored ones")
    parser.add_argument("--page", action="store_true", help="compute nothing, write the page from what is stored")
    options = parser.parse_args()
    rows = stored()
    if options.page:
        keep({})
        return 0
    off: list[str] = []
    skipped, start = False, time.monotonic()
    for key in chosen(options.only):
        begun, used = time.monotonic(), processor_time()
        if sys.stderr.isatty():
            sys.stderr.write(f"{key} ...\r")
        try:
            found = compute(key, quick=options.quick)
        except Skipped as reason:
            sys.stdout.write(f"{key:4} skipped: {reason}\n")
            skipped = True
            continue
        took, used = time.monotonic() - begun, processor_time() - used
        if options.quick:
            wrong = differences(found, rows[key]) if key in rows else [f"{key} is not stored"]
            off += wrong
            word = f"{len(found.numbers)} numbers, {'as stored' if not wrong else 'not as stored'}"
        else:
            keep({key: found})
            word = found.verdict
        sys.stdout.write(f"{key:4} {took:6.1f} s, of a processor {used:6.1f} s  {word}\n")
        sys.stdout.flush()
    took, used = time.monotonic() - start, processor_time()
    sys.stdout.write(f"all  {took:6.1f} s, of a processor {used:6.1f} s\n")
    if not (options.quick or options.only or skipped):
        write_text(DOCS / TIME, json.dumps({"wall [s]": round(took), "processor [s]": round(used)}) + "\n")
        keep({})
    for line in off:
        sys.stderr.write(line + "\n")
    return 1 if off else 0


if __name__ == "__main__":
    raise SystemExit(main())
