"""Count the modules that a piece of work passes through, and the calls that go back up the walk of rooms.

    python scripts/call_walk.py 'import asyncsoc as aso; aso.simulate(aso.Case.from_toml("CASE.toml"))'

A call goes up where the called function's room comes later on the walk (the layers in pyproject.toml) than the room it
is called from: a callback. The code runs once before it is counted, so that what is made once does not count. Prints
one JSON line. To compare two checkouts, run each one's own code with PYTHONPATH set to it.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from types import FrameType
from typing import Any


class Calls:
    """The profiler: notes which module of the package calls which."""

    def __init__(self, package: Path) -> None:
        project = tomllib.loads((package.parent / "pyproject.toml").read_text(encoding="utf-8"))
        layers = [layer.strip("()") for layer in reversed(project["tool"]["importlinter"]["contracts"][0]["layers"])]
        self._place = {room.strip(): place for place, layer in enumerate(layers) for room in layer.split("|")}
        self._prefix = f"{package}/"
        self.calls = 0
        self.edges: set[tuple[str, str]] = set()
        self.up: dict[tuple[str, str], int] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a call between two modules."""
        if event != "call" or frame.f_code.co_name == "<module>":
            return
        here, caller = self._module(frame), frame.f_back
        if here is None:
            return
        while caller is not None and self._module(caller) is None:
            caller = caller.f_back
        there = None if caller is None else self._module(caller)
        if there is None or there == here:
            return
        self.calls += 1
        self.edges.add((there, here))
        if self._of(here) > self._of(there):
            self.up[there, here] = self.up.get((there, here), 0) + 1

    def _module(self, frame: FrameType) -> str | None:
        file = frame.f_code.co_filename
        return file.removeprefix(self._prefix) if file.startswith(self._prefix) else None

    def _of(self, module: str) -> int:
        return self._place.get(module.split("/", 1)[0].removesuffix(".py"), -1)


def main(code: str) -> None:
    """Run the code twice, count the second time, print what was found."""
    import asyncsoc

    calls = Calls(Path(asyncsoc.__file__).resolve().parent)
    compiled = compile(code, "<code>", "exec")
    exec(compiled, {"__name__": "counted"})
    sys.setprofile(calls)
    try:
        exec(compiled, {"__name__": "counted"})
    finally:
        sys.setprofile(None)
    modules = {module for edge in calls.edges for module in edge}
    rooms = {module.split("/", 1)[0] for module in modules}
    found = {
        "modules": len(modules),
        "rooms": len(rooms),
        "edges between modules": len(calls.edges),
        "calls between modules": calls.calls,
        "edges up": sorted(f"{a} -> {b}: {count}" for (a, b), count in calls.up.items()),
        "calls up": sum(calls.up.values()),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
