"""Which constants of a case were fitted: said again by every run that uses them."""

from __future__ import annotations

from asyncsoc.case.case import Case

_OTHERS = ("material", "contact", "particle", "electrolyte", "protocol")


def fitted_constants(case: Case) -> tuple[str, ...]:
    """Return a sentence for each section that holds fitted constants and takes part in the run."""
    side, kinetics = case.side_reaction, case.kinetics
    marks = (
        ("side_reaction", () if side.mode == "off" else side.fitted, side.fitted_to),
        ("kinetics", kinetics.fitted, kinetics.fitted_to),
        *((name, getattr(case, name).fitted, getattr(case, name).fitted_to) for name in _OTHERS),
    )
    return tuple(
        f"fitted, not measured: {', '.join(f'{section}.{key}' for key in keys)}, to {source}"
        for section, keys, source in marks
        if keys
    )
