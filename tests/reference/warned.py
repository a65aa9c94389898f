"""What the program says of its own errors beside what they are: `python -m tests.reference.warned FILE.jsonl ...`.

Reads what `tests.reference.differential --json` wrote, runs the program again, lists every step whose duration is off
by more than is promised, or is said to be, with how many of these sizes are right within a factor of two.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.reference.cases import draw
from tests.reference.compare import run_program
from tests.reference.test_differential import PROMISED, named

FACTOR = 2.0


def main() -> int:
    """List the steps, and count them."""
    right, wrong, silent = 0, 0, 0
    for file in sys.argv[1:]:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            kind, seed, number = case["label"].rsplit("-", 2)
            program = run_program(draw(kind, int(seed), int(number)).keys())
            said = named(program)
            for place, (mine, step) in enumerate(zip(program.steps, case["steps"], strict=False), start=1):
                if not step["duration"] or mine.reason != step["reason"]:
                    break
                off, error = mine.duration / step["duration"] - 1.0, step["duration_error"]
                size = said.get(place)
                if size is None and abs(off) <= PROMISED[kind.split("-", maxsplit=1)[0]] + 2.0 * error:
                    continue
                low, high = abs(off) - 2.0 * error, abs(off) + 2.0 * error
                fits = size is not None and low / FACTOR <= abs(size) <= high * FACTOR
                right, wrong, silent = right + fits, wrong + (not fits and size is not None), silent + (size is None)
                words = "nothing" if size is None else f"{100 * size:+.2g} %"
                print(
                    f"{case['label']:30s} {place} {step['text'][:40]:40s} off {100 * off:+.2f} % "
                    f"(reference +-{100 * error:.2f} %), said {words}{'' if fits else '   <<<'}",
                    flush=True,
                )
    print(f"{right} right within a factor of {FACTOR:g}, {wrong} not, {silent} not said")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
