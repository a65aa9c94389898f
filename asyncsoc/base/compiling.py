"""How kernels are compiled: no fast math, kept by content (`kernel_cache`), and no more than is needed.

A kernel called by another one needs no code of its own that takes Python's arguments apart, which for tuples of many
arrays is most of what would be compiled. So each has two forms: the inner one, which other kernels take in and of
which no machine code is made (`inner_kernels`), and an entry, compiled when Python first calls it.

A kernel allocates nothing: it reads and writes arrays that it is given. So numba need not count the references to
them, which for tuples of many arrays is most of the code that would be left. What does allocate says so,
`@kernel(allocates=True)`, and is called by such kernels or from Python.

Numbers with names that kernels read are numpy's structured types made of dataclasses (`record`): numba compiles a field
to a plain load, `particle.contact_area`. A kernel that is handed a record reads and writes the array it came from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import fields
from functools import cache, update_wrapper
from pathlib import Path
from typing import Any

import numpy as np

_LOCK = threading.Lock()
_KINDS = {"float": np.float64, "int": np.int64}


def __getattr__(name: str) -> Any:
    """Return numba's `prange`; numba itself is loaded where a kernel is first used, not where it is defined."""
    if name != "prange":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import numba

    return numba.prange


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    import numba

    compiler: Any = numba.njit  # its options are not all in its published types
    return compiler(**options)(function)


def _kind(value: Any) -> Any:
    """Return what tells the types of values apart: of arrays, of tuples of them, of anything else."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        return value.dtype, value.ndim, flags.c_contiguous, flags.f_contiguous, flags.writeable, flags.aligned
    return (type(value), *map(_kind, value)) if isinstance(value, tuple) else type(value)


class Kernel:
    """A compiled function: other kernels take it in, Python calls it.

    Attributes
    ----------
    py_func
        The function as it is written.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        allocates = options.pop("allocates", False)
        self._options = {"error_model": "numpy", "_nrt": allocates, **options}
        self._inner: Any = None
        self._entry: Any = None
        self._prepared: dict[Any, Callable[..., Any]] = {}

    @property
    def _numba_type_(self) -> Any:
        """The type by which numba knows what a kernel calls."""
        if self._inner is None:
            with _LOCK:
                if self._inner is None:
                    from asyncsoc.base.inner_kernels import InnerCompiler

                    lean = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": InnerCompiler}
                    self._inner = _compile(self.py_func, **lean, **self._options)
        return self._inner._numba_type_

    def _by_address(self) -> Callable[..., Any]:
        """Return a function that lays the tuples it is given down and calls the inner form."""
        from asyncsoc.base.by_address import laid_down

        code = self.py_func.__code__
        names = code.co_varnames[: code.co_argcount]
        source = (
            f"def entry({', '.join(names)}):\n    return inner({', '.join(f'laid_down({name})' for name in names)})"
        )
        scope: dict[str, Any] = {"inner": self, "laid_down": laid_down, "__name__": self.py_func.__module__}
        exec(source, scope)
        made: Callable[..., Any] = scope["entry"]
        return made

    def _entry_for(self, arguments: tuple[Any, ...]) -> Any:
        """Return numba's dispatcher, made when there are first arguments to be called with."""
        if self._entry is None:
            with _LOCK:
                if self._entry is None:
                    tuples = any(hasattr(argument, "_fields") for argument in arguments)
                    function = self._by_address() if tuples else self.py_func
                    entry = _compile(function, no_cfunc_wrapper=True, **self._options)
                    if Path(self.py_func.__code__.co_filename).is_file():
                        from asyncsoc.base.numba_cache import ContentFunctionCache

                        entry._cache = ContentFunctionCache(self.py_func)  # type: ignore[no-untyped-call]
                    self._entry = entry
        return self._entry

    def __call__(self, *arguments: Any) -> Any:
        """Call the function compiled for arguments of these types."""
        return self._entry_for(arguments)(*arguments)

    def prepared(self, *arguments: Any) -> Callable[..., Any]:
        """Return the function compiled for arguments of these types; it looks at the types of none it is called with.

        numba looks at every array of every tuple before each call, which takes longer than taking them apart. What is
        called with others than arrays of the same types, dimensions and layouts reads memory that is not theirs.
        """
        key = _kind(arguments)
        if key not in self._prepared:
            from numba import typeof

            kinds = tuple(typeof(one) for one in arguments)
            self._prepared[key] = self._entry_for(arguments).compile(kinds)
        return self._prepared[key]


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Make a function a kernel, as `@kernel` or `@kernel(nogil=True)`; it is compiled when it is first used.

    Parameters
    ----------
    function
        What is compiled.
    **options
        `allocates=True` for a kernel that makes new arrays; the others are numba's.
    """
    if function is None:
        return lambda inner: Kernel(inner, options)
    return Kernel(function, options)


@cache
def record(*classes: type) -> np.dtype:
    """Return the structured type of dataclasses whose fields are `float` and `int`, one after the other."""
    return np.dtype([(entry.name, _KINDS[str(entry.type)]) for declared in classes for entry in fields(declared)])


def fill(row: np.void, declared: object) -> None:
    """Write the fields of a dataclass into the fields of the same names of a row."""
    for entry in fields(declared):  # type: ignore[arg-type]
        row[entry.name] = getattr(declared, entry.name)
