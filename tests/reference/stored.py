"""Results of the second solver, kept for the tests: `python -m tests.reference.stored FILE.jsonl ...` adds to them.

Reads what `tests.reference.differential --json` wrote and keeps of every case how each step ended in the second solver:
reason, duration [s], charge [C] and side charge [C], with the solver's own relative errors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("stored.json")
_KEPT = ("reason", "duration", "duration_error", "charge", "charge_error", "side", "side_error")


def load() -> dict[str, list[dict[str, Any]]]:
    """Return the steps of every case kept, by its label."""
    found: dict[str, list[dict[str, Any]]] = json.loads(PLACE.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Keep the cases of the files named beside those kept already."""
    kept = load() if PLACE.exists() else {}
    for file in sys.argv[1:]:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            steps = [{name: step[name] for name in _KEPT if name in step} for step in case["steps"]]
            # What a step that ended otherwise, or is not resolved, leads to is not known well enough.
            whole = next((k for k, step in enumerate(case["steps"]) if not step["resolved"]), len(steps))
            kept[case["label"]] = [_rounded(step) for step in steps[:whole]]
    lines = [f'"{label}": {json.dumps(steps, allow_nan=False)}' for label, steps in sorted(kept.items()) if steps]
    PLACE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


def _rounded(step: dict[str, Any]) -> dict[str, Any]:
    values = {name: (v if isinstance(v, str) else None if v != v else float(f"{v:.8g}")) for name, v in step.items()}
    return {name: value for name, value in values.items() if value is not None}


if __name__ == "__main__":
    raise SystemExit(main())
