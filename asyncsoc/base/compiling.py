"""How kernels are compiled: no fast math, kept by content (`kernel_cache`), and no more than is needed.

A kernel called by another one needs no code of its own that takes Python's arguments apart, which for tuples of many
arrays is most of what would be compiled. So each has two forms: the inner one, which other kernels take in, and an
entry, compiled when Python first calls it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import update_wrapper
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from asyncsoc.base.kernel_cache import cache_folder, source_hash

prange = numba.prange
_COMPILE: Any = numba.njit  # its options are not all in its published types
_LOCK = threading.Lock()


class _ByContent(_CacheLocator):
    """Tells numba where a function's compiled code is kept."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._module, self._line, self._py_file = function.__module__, function.__code__.co_firstlineno, file

    def get_cache_path(self) -> str:
        return str(cache_folder(self._module))

    def get_source_stamp(self) -> str:
        return source_hash(self._module)

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> _ByContent | None:
        return cls(function, file) if Path(file).is_file() else None


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_ByContent]  # noqa: RUF012 - as numba declares it


class _Cache(FunctionCache):
    """numba's cache, by content. What cannot be read is compiled, what cannot be kept is used all the same."""

    _impl_class = _Implementation

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # a damaged file raises whatever unpickling makes of it
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            try:
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]
            except OSError:
                raise
            except Exception:  # the index is damaged, or names a type that has another name by now: begin it anew
                self.flush()  # type: ignore[no-untyped-call]
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]


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
        self._options = {"error_model": "numpy", **options}
        self._inner: Any = None
        self._entry: Any = None

    @property
    def _numba_type_(self) -> Any:
        """The type by which numba knows what a kernel calls."""
        if self._inner is None:
            with _LOCK:
                if self._inner is None:
                    lean = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
                    self._inner = _COMPILE(**lean, **self._options)(self.py_func)
        return self._inner._numba_type_

    def __call__(self, *arguments: Any) -> Any:
        """Call the function compiled for arguments of these types."""
        if self._entry is None:
            with _LOCK:
                if self._entry is None:
                    entry = _COMPILE(no_cfunc_wrapper=True, **self._options)(self.py_func)
                    if Path(self.py_func.__code__.co_filename).is_file():
                        entry._cache = _Cache(self.py_func)  # type: ignore[no-untyped-call]
                    self._entry = entry
        return self._entry(*arguments)


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Make a function a kernel, as `@kernel` or `@kernel(nogil=True)`; it is compiled when it is first used."""
    if function is None:
        return lambda inner: Kernel(inner, options)
    return Kernel(function, options)
