"""Run a command as an older processor would: without the vector instructions and fused operations of this one.

    python scripts/emulated_processor.py COMMAND [ARGUMENT ...]    run it so
    python scripts/emulated_processor.py                           print the environment it would get

Every library that picks its code by the processor it finds is told of a lesser one: numba compiles for a generic
processor, numpy leaves out every feature it would otherwise pick at run time, OpenBLAS (numpy's and scipy's) and the C
library's mathematics do without AVX and FMA. Sums are then taken in another order and products rounded one by one, so
that a test which compares last bits fails here and not on somebody else's machine. Nothing of it changes what is right.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

X86_64 = ("x86_64", "AMD64")
C_LIBRARY = "-AVX2,-AVX512F,-FMA,-FMA4"
"""What glibc's exp, log, sin and pow pick their variants by."""


def numpy_features(*, enabled: bool) -> list[str]:
    """Return the features numpy can pick at run time, those this process uses or those it does not.

    numpy refuses to leave out its own baseline and warns of what a processor lacks, so that the list is made here.
    """
    from numpy._core import _multiarray_umath as core

    return [name for name in core.__cpu_dispatch__ if bool(core.__cpu_features__.get(name)) == enabled]


def environment() -> dict[str, str]:
    """Return the variables that make a process believe in an older processor."""
    told = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    before = os.environ.get("NPY_DISABLE_CPU_FEATURES", "").replace(",", " ").split()
    if features := [*before, *numpy_features(enabled=True)]:
        told["NPY_DISABLE_CPU_FEATURES"] = " ".join(features)
    if platform.machine() in X86_64:
        told |= {"OPENBLAS_CORETYPE": "Nehalem", "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={C_LIBRARY}"}
    return told


CHECK = """
import sys
sys.path.insert(0, {folder!r})
import numba
from emulated_processor import numpy_features
left = numpy_features(enabled=True)
if left or numba.config.CPU_NAME != "generic":
    sys.exit(f"still in use: numpy's {{left}}, numba's {{numba.config.CPU_NAME}}")
"""


def main(command: list[str]) -> int:
    """Print the environment, or run `command` in it once a process has been seen to obey it."""
    told = environment()
    for name, value in told.items():
        print(f"{name}={value!r}", file=sys.stderr if command else sys.stdout, flush=True)
    if not command:
        return 0
    variables = os.environ | told
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - nothing is imported before it is needed
    check = subprocess.run([sys.executable, "-c", CHECK.format(folder=folder)], env=variables, check=False)
    if check.returncode:
        return check.returncode
    return subprocess.run(command, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
