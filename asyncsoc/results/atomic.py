"""Files that are there whole or not at all (`asyncsoc._files`, which earlier rooms need too)."""

from __future__ import annotations

from asyncsoc._files import replaced

__all__ = ["replaced"]
