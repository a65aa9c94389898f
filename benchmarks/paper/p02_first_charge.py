"""P2: the short plateau at 3.8 V of the first charge; the scan is that of `benchmarks/paper/plateau.py`."""

from __future__ import annotations

from benchmarks.paper.plateau import CAL, HOT_CAL, SCALES, SHORT, SHOWN, charge, scan
from benchmarks.paper.rows import PaperRow

_VARIED = {
    "D x 0.3 / x 3": ("material.diffusivity_factor=0.3", "material.diffusivity_factor=3"),
    "i0 0.1 / 1 A/m2": (
        "kinetics.exchange_current_density_factor=0.333333",
        "kinetics.exchange_current_density_factor=3.33333",
    ),
    "R 5 / 10 um": ("particle.radius=5 um", "particle.radius=10 um"),
}


def row(quick: bool) -> PaperRow:
    """Scan the constants of the coupled side reaction."""
    shown = [_extra(coverage, ()) for coverage in (CAL, HOT_CAL)]
    numbers = {"extra charge of Cal [mA h/g]": shown[0], "extra charge of Hot-Cal [mA h/g]": shown[1]}
    if quick:
        return _row(numbers, "", 0, 0, 0, float("nan"))
    found = scan(SCALES[2::2])  # the lowest rates show no plateau, the scan of plateau.py has all
    visible = [one for one in found if SHORT[0] < one.cal < SHORT[1]]
    less = [one for one in visible if one.hot < one.cal]
    ratio = min((one.hot / one.cal for one in visible), default=float("nan"))
    numbers |= {
        "sets": float(len(found)),
        "sets with a plateau in Cal": float(len(visible)),
        "least Hot-Cal over Cal": ratio,
    }
    parts = []
    for name, overrides in _VARIED.items():
        ratios = [_extra(HOT_CAL, (one,)) / _extra(CAL, (one,)) for one in overrides]
        parts.append(f"{name}: {ratios[0]:.2f} / {ratios[1]:.2f}")
    plain = shown[1]
    ratios = [plain / _extra(f, ()) for f in (0.1, 0.6)]
    parts.append(f"f of Cal 0.1 / 0.6: {ratios[0]:.2f} / {ratios[1]:.2f}")
    line = f"extra charge of Hot-Cal over that of Cal {shown[1] / shown[0]:.2f}; {'; '.join(parts)}."
    return _row(numbers, line, len(found), len(visible), len(less), ratio)


def _extra(coverage: float, overrides: tuple[str, ...]) -> float:
    """Return the extra charge near 3.8 V with the constants of the picture [mA h/g]."""
    off = charge(coverage, *overrides, "side_reaction.mode=off") if overrides else charge(coverage)
    return charge(coverage, *SHOWN, *overrides).within() - off.within()


def _row(numbers: dict[str, float], line: str, sets: int, visible: int, less: int, ratio: float) -> PaperRow:
    return PaperRow(
        key="P2",
        title="first charge, plateau at 3.8 V",
        place="Fig. 1c",
        paper="Cal: a short plateau at 3.8 V; Hot-Cal: none",
        ours=f"{visible} of {sets} sets of constants give Cal {SHORT[0]:g} to {SHORT[1]:g} mAh/g more between 3.75 "
        "and 3.85 V; Hot-Cal "
        f"has less in {less} of them, and at least {ratio:.2f} times as much",
        fitted=f"nothing; i_ox0 from {SCALES[2]:.1g} to {SCALES[-1]:.1g} A/m2 (the onset potential only shifts it), "
        "three driving forces, three "
        "film "
        "conductivities, with and without self-limitation",
        predicted="Hot-Cal with Cal's constants",
        sensitivity=line,
        verdict="reproduced" if less else "not reproduced",
        because="Rule: reproduced where any set gives Cal a short plateau and Hot-Cal a shorter one.",
        scan="python benchmarks/paper/plateau.py",
        numbers=numbers,
        picture=("decomposition-plateau.png", "Plateau: constants that give it to Cal give more of it to Hot-Cal"),
    )
