"""The version: from the tag when a wheel or an installation is made, a stated one in a bare checkout."""

from __future__ import annotations

from pathlib import Path

FALLBACK = "0.1.0.dev0"
"""Of sources that git says nothing about; the same as `fallback-version` in pyproject.toml."""
_WRITTEN = Path(__file__).with_name("version.txt")
"""Written by the build (hatch-vcs). Text and no Python: hashes of the sources do not depend on the state of git."""


def installed_version() -> str:
    """Return the version that was written when the package was built or installed, else `FALLBACK`.

    An editable installation keeps the version of the commit at which it was made. Which sources have run is said by
    their hash in the provenance of results, not by this.
    """
    try:
        return _WRITTEN.read_text(encoding="ascii").strip() or FALLBACK
    except (OSError, ValueError):
        return FALLBACK
