"""Marks of fitted keys: which keys of a section were fitted, and to what data."""

from __future__ import annotations

from collections.abc import Iterable

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case.fields import refusal


def check_marks(section: str, fitted: Iterable[str], fitted_to: str | None, known: Iterable[str]) -> None:
    """Refuse marks of keys that cannot be fitted, and fitted keys without the data they were fitted to.

    Parameters
    ----------
    section
        Name of the section in a case file.
    fitted, fitted_to
        Its marks.
    known
        Its keys that may be fitted.

    Raises
    ------
    PydanticCustomError
        Holds the InputError.
    """
    names, possible = tuple(fitted), tuple(known)
    for name in names:
        if name not in possible:
            raise refusal(unknown_name(f"key of [{section}] that can be fitted", name, possible))
    if names and not fitted_to:
        raise refusal(
            InputError(
                "fitted keys need what they were fitted to",
                where=f"{section}.fitted",
                value=", ".join(names),
                next_step="name the data in fitted_to",
            )
        )
