"""Which module does something for rooms that may not import it.

Imports walk one way, yet a case, which is data, has to say at once that its mesh file is missing. Who reads such files
is therefore wired by the package's bootstrap (`asyncsoc/__init__.py`), by name, and imported when it is first needed.
"""

from __future__ import annotations

import importlib
from types import ModuleType

MESH_FILES = "mesh files of cases"
"""The task of reading, writing and hashing them."""
_PROVIDERS: dict[str, str] = {}


def wire(task: str, module: str) -> None:
    """Let `module` do a task."""
    _PROVIDERS[task] = module


def provider(task: str) -> ModuleType:
    """Return the module that does a task."""
    return importlib.import_module(_PROVIDERS[task])
