"""What the benchmarks share: timing by the median, tables as text, one JSON document, the machine they ran on."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

clock = time.process_time
"""Time of this process's own work [s]: on one thread what a quiet machine shows, whatever its neighbours do."""


@dataclass(frozen=True)
class Timed[T]:
    """What the last of several calls returned, and the wall times of all [s]."""

    result: T
    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median wall time [s]."""
        return statistics.median(self.times)


def timed[T](call: Callable[[], T], repeat: int) -> Timed[T]:
    """Call `repeat` times, at least once, and time each call."""
    times: list[float] = []
    while True:
        began = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - began)
        if len(times) >= repeat:
            return Timed(result, tuple(times))


class AnswerError(Exception):
    """A benchmark's answer is wrong: its time means nothing."""


def require(name: str, value: float, limit: float) -> None:
    """Demand |value| <= limit before any time is shown.

    Raises
    ------
    AnswerError
        It is larger, or not a number.
    """
    if not abs(value) <= limit:
        raise AnswerError(f"{name}: {value:.3g}, at most {limit:.3g} was allowed")


def machine() -> dict[str, Any]:
    """Return what the times depend on."""
    model = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a device file, not a path of ours
            model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load average over a minute": round(load, 2),
        "python": platform.python_version(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
    }


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as text, columns as wide as their widest entry."""
    cells = [list(map(_shown, row)) for row in rows]
    widths = [max(len(row[k]) for row in [list(headings), *cells]) for k in range(len(headings))]
    lines = [
        "  ".join(
            text.ljust(width) if k == 0 else text.rjust(width)
            for k, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [list(headings), *cells]
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)


def arguments(description: str, **defaults: Any) -> argparse.Namespace:
    """Parse the options every benchmark takes: `--json`, and `--<name>` for each default given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    for name, value in defaults.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, help=f"default {value}")
    return parser.parse_args()


def show(document: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print the document, or the text with a line on the machine."""
    if as_json:
        print(json.dumps({**document, "machine": machine()}, indent=1))
        return
    facts = machine()
    print(text)
    print(f"{facts['processor']}, {facts['cores']} cores, load {facts['load average over a minute']}")
