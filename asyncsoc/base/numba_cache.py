"""numba's cache of compiled functions, by content: where `kernel_cache` says, whatever file the source lies in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from asyncsoc.base.kernel_cache import cache_folder, forget_unused, source_hash, used


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


class ContentFunctionCache(FunctionCache):
    """numba's cache, by content. What cannot be read is compiled, what cannot be kept is used all the same."""

    _impl_class = _Implementation

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, None where that is nothing or is damaged."""
        try:
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # a damaged file raises whatever unpickling makes of it
            return None
        used(Path(self._cache_path))
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, where there is a place for it."""
        with suppress(OSError):
            try:
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]
            except OSError:
                raise
            except Exception:  # the index is damaged, or names a type that has another name by now: begin it anew
                self.flush()  # type: ignore[no-untyped-call]
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]
            forget_unused(Path(self._cache_path))
