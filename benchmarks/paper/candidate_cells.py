"""The table of docs/paper.md of what each candidate outside of the bound needs for each row that is not reproduced.

Its words follow from the numbers by the thresholds of `candidate_verdicts`; what stands beside a number of a source, of
a recipe or of a measurement is said of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.paper.candidate_verdicts import (
    DOES_NOT,
    GIVES,
    HOT,
    NO_FADE,
    PCA,
    THICK,
    alike,
    amount,
    drop,
    factor,
    plateau,
    products,
    retentions,
    short_plateau,
    wet,
)
from benchmarks.paper.cycle_life import BLIND, FILMS, Fitted
from benchmarks.paper.cycle_life import stored as stored_fits
from benchmarks.paper.first_charge_candidates import PLATEAU

CANDIDATES = {
    "a": "a finite amount, consumed once",
    "b": "a potential drop in dry polymer at a constricted contact",
    "c": "a rate that needs carbon",
    "d": "a coverage that falls",
    "e": "particles that become isolated",
}
ROWS = ("P2", "P4", "P6")
_PER_AREA = "P6 a: Cal's amount per contact area over Hot-Cal's"
_PER_POLYMER = "P6 a: Hot-Cal has at most, of Cal's per polymer"
_LATE, _EARLY = ("P2 a: consumed below 3.75 V, Cal", "P2 a: consumed below 3.75 V, Hot-Cal, the same per polymer")
_CURRENT = 0.24 / 0.3
"""A/m2, mean of Cal's contact at C/10 and R = 7.5 um."""
_NEEDED = "P2 a: charge available per contact area [C/m2]"
_DROP = "P2 b: largest extra with a drop of 10 to 400 mV [mA h/g]"
_MOST = "P2 a: Hot-Cal has at most, of Cal's per polymer"
_WET = "P2 b: drop of a round contact in wet polymer [V]"
_FILM = "P4 a: film of Hot-Cal at 67.5 % [ohm m2]"
_ENDS = "P4 a: film's resistance that ends Cal [ohm m2]"


@dataclass(frozen=True)
class Cell:
    """A row and a candidate.

    Attributes
    ----------
    row, candidate
        P2, P4 or P6; a to e.
    needs
        The constants it needs for the row.
    gives
        A word of `candidate_verdicts`, with the numbers behind it.
    plausible
        Compared with what.
    tells
        The measurement that tells it from the others.
    """

    row: str
    candidate: str
    needs: str
    gives: str
    plausible: str
    tells: str


def cells(n: Mapping[str, float], fits: Sequence[Fitted] = ()) -> list[Cell]:
    """Return the table's cells from the numbers that are kept, and from P4's fits."""
    return [*_first_charge(n), *_cycling(n, fits), *_infrared(n)]


def _first_charge(n: Mapping[str, float]) -> list[Cell]:
    needed = n["P2 a: mmol of electrons per g of polymer"]
    nitrile, nmp = (n[f"1 % by mass of {one}"] for one in ("acetonitrile", "NMP"))
    shared, same = n["P2 a: Hot-Cal with the same per polymer [mA h/g]"], n["P2 a: Hot-Cal with the same [mA h/g]"]
    ratio, goes_on = n["P2 c: carbon area of Cal over Hot-Cal"], n["P2 c: charge up to 4.2 V over that of the plateau"]
    word, why = short_plateau(ratio, goes_on)
    falls, cut = n["P2 d: extra with 0.3 to 0.09 in 6 h [mA h/g]"], n["P2 e: extra with half cut off [mA h/g]"]
    dropped = plateau(n[_DROP])
    steep = ", since NCM's own curve is steeper at every potential that it shifts there" if n[_DROP] < 0.0 else ""
    early = f"; it consumes {100 * n[_EARLY]:.0f} % below 3.75 V at its larger contact, Cal {100 * n[_LATE]:.0f} %"
    return [
        Cell(
            "P2", "a",
            f"{n[_NEEDED]:.0f} C/m2 of Cal's contact at 1 A/m2 at 3.8 V (assumed): {n['P2 a: the same [mA h/g]']:.1f} "
            f"mAh/g of NCM, of which {PLATEAU:g} near 3.8 V; {needed:.2g} mmol of electrons per g of polymer",
            f"{plateau(PLATEAU, shared)} where the amount belongs to the polymer: with as much per polymer Hot-Cal has "
            f"{shared:+.1f} mAh/g near 3.8 V{early if n[_EARLY] > n[_LATE] else ''} (up to {n[_MOST]:.1f} times as "
            f"much stay unseen); {plateau(PLATEAU, same)} where it belongs to the contact: with as much per contact "
            f"area Hot-Cal has {same:+.1f}",
            f"OH ends of PEO: {amount(needed, n['OH ends of PEO of 600 000 g/mol'])}; {needed / nitrile:.0f} % by "
            f"mass of residual acetonitrile or {needed / nmp:.0f} % of NMP at one electron each would do, "
            f"{needed / n['LiTFSI, all of it']:.1f} times all LiTFSI for a plateau of {PLATEAU:g} mAh/g and "
            f"{needed / PLATEAU / n['LiTFSI, all of it']:.1f} times for one of 1. A film of the products, "
            f"{1e6 * 4e-10 * n[_NEEDED]:.1f} um by the default volume, would have to conduct",
            f"a second charge, which has {abs(n['P2 a: plateau of the second charge [mA h/g]']):.1f} mAh/g left of it; "
            "Hot-Cal's first charge is longer by as much below 3.75 V; weight and gas of dried cathodes up to 80 degC",
        ),
        Cell(
            "P2", "b",
            "any drop of 10 to 400 mV at C/10 in Cal alone; 100 mV at a round contact, rho/(4 a), are "
            f"{n['P2 b: conductivity for 100 mV [S/cm]']:.1g} S/cm",
            f"{dropped}: near 3.8 V the charge changes by at most {n[_DROP]:+.1f} mAh/g{steep}",
            drop(0.1, n[_WET]),
            "the step of the voltage when the current stops",
        ),
        Cell(
            "P2", "c",
            f"{ratio:.1f} times as much carbon in contact with polymer in Cal as in Hot-Cal",
            f"{word}{': ' if why else ''}{' and '.join(why)}; at one carbon area Hot-Cal has "
            f"{n['P2 c: Hot-Cal over Cal at equal carbon area']:.2f} times Cal's charge near 3.8 V",
            f"{factor(ratio)}: both have 5 % of nanotubes",
            "the same charge of a cell with an inert powder in place of NCM",
        ),
        Cell(
            "P2", "d",
            "a contact that shrinks to 0.3 of itself in 6 h of the first charge (assumed)",
            f"{plateau(falls)}: {falls:+.1f} mAh/g near 3.8 V",
            "-",
            "-",
        ),
        Cell(
            "P2", "e",
            "half of the particles cut off from the start (assumed)",
            f"{plateau(cut)}: {cut:+.1f} mAh/g near 3.8 V",
            "-",
            "-",
        ),
    ]  # fmt: skip


def _one_constant(found: Mapping[str, float]) -> str:
    """Return whether what Cal's end says of Hot-Cal, by several readings, is the paper's."""
    right = [name for name, value in found.items() if retentions({HOT: value}) == GIVES]
    given = ", ".join(f"{100 * value:.0f} % {name}" for name, value in found.items())
    word = f"{GIVES} with one constant" if right else "only with another constant for Hot-Cal"
    return f"{word}: Hot-Cal keeps {given}"


def _cycled(n: Mapping[str, float]) -> tuple[str, str, str]:
    """Return of P4 and a finite amount whether it gives the row, the pace it needs, and what cycled particles have."""
    levels = retentions({PCA: n["P4 a: PCA with last film"]})
    if "P4 a: Cal at 32, cycled" not in n:
        return f"{levels} as far as the last films go", "", ". Cycles with it are not computed yet"
    found = {name: n[f"P4 a: {name}, cycled"] for name in BLIND}
    course = retentions(found)
    word = course if course != DOES_NOT else "gives the levels, not the course" if levels == GIVES else DOES_NOT
    rate = n["P4 a: rate at 3.8 V over the available charge [1/h]"]
    return (
        f"{word}, with two constants",
        f", at a rate at 3.8 V of {rate:.2g} of the available charge per hour",
        f" (cycled: Cal {100 * n['P4 a: Cal at 32, cycled']:.0f} % at 32, Hot-Cal {100 * found[HOT]:.0f} % at 50, PCA "
        f"{100 * found[PCA]:.0f} % at 500 and, at 28.6 mg/cm2, {100 * found[THICK]:.0f} % at 150"
        + (
            ", of their first capacities: at the rate that Cal's end asks for they have their films from the first "
            "charge on)"
            if min(found.values()) > NO_FADE
            else ")"
        ),
    )


def _grown_drop(fits: Sequence[Fitted]) -> str:
    """Return what a drop that grows from cycle to cycle leaves: it is the resistive film of P4."""
    found = [one for one in fits if one.film == FILMS[0].name and one.value is not None]
    if not found:
        return "one that grows is the resistive film of P4, which is not computed yet"
    words = [retentions(dict(zip(BLIND, one.retained, strict=True))) for one in found]
    word = GIVES if GIVES in words else DOES_NOT
    left = "; ".join(
        f"driven by {one.force} {' / '.join(f'{100 * value:.0f}' for value in one.retained)} %" for one in found
    )
    return (
        f"{word} where it grows: that is the resistive film of P4, which leaves Hot-Cal at 50 / PCA at 500 / 150 {left}"
    )


def _cycling(n: Mapping[str, float], fits: Sequence[Fitted]) -> list[Cell]:
    word, pace, cycled = _cycled(n)
    last, whole = n[_ENDS], n[_FILM]
    shares = {one: n[f"P4 {one}: Hot-Cal at 50 with Cal's share a cycle"] for one in "de"}
    ratio = n["P4 d: contact lost a cycle, Cal"] / n["P4 d: contact lost a cycle, Hot-Cal"]
    cut = n["P4 e: cut off a cycle, Cal"] / n["P4 e: cut off a cycle, Hot-Cal"]
    way = "on the way" if last < whole else "beyond it"
    return [
        Cell(
            "P4", "a",
            f"a film that ends at {whole:.2f} ohm m2, where all is consumed{pace}",
            f"{word} for four numbers: Cal ends at {last:.2f} ohm m2, {way}; what is left with the last film is "
            f"67.5 % of Hot-Cal (its datum) and, predicted, {100 * n['P4 a: PCA with last film']:.0f} % of PCA{cycled}"
            f". PCA's 70 % alone asks for {n['P4 a: film of PCA at 70 % [ohm m2]']:.2f} ohm m2",
            f"assumed: {1e9 * 1e-7 * whole:.0f} nm at the default 1e-7 S/m, {whole * 1e-7 / 4e-10:.0f} C/m2; no film "
            "on a polymer's contact is measured; PCA's polymer is another one",
            f"the fade of Hot-Cal levels off and its interface's resistance stays, {1e4 * whole:.0f} ohm cm2 of "
            f"contact; at C/100 the film drops {0.1 * _CURRENT * whole:.2f} V, and a dead Cal cell comes back",
        ),
        Cell(
            "P4", "b",
            f"a drop that grows from cycle to cycle to that of {last:.2f} ohm m2 at Cal's contact",
            f"{_grown_drop(fits)}; one that stays costs the same in every cycle",
            drop(_CURRENT * last, n[_WET]),
            "capacity at C/100: a drop hardly costs any there",
        ),
        Cell(
            "P4", "c",
            f"{100 * n['P4 c: share of the contact near carbon']:.0f} % of Cal's contact near carbon, and closed",
            _one_constant({"with the same share closed, however long": n["P4 c: Hot-Cal with that share closed"]}),
            "assumed; no share is known",
            "the same cathode with other carbon; where the products are on a section",
        ),
        Cell(
            "P4", "d",
            f"Cal's coverage from 0.30 to {n['P4 d: Cal\'s coverage at its end']:.3f}, "
            f"{100 * n['P4 d: contact lost a cycle, Cal']:.1f} % of what is left in each cycle; Hot-Cal's to "
            f"{n['P4 d: Hot-Cal\'s coverage at 67.5 %']:.2f}, {100 * n['P4 d: contact lost a cycle, Hot-Cal']:.1f} %; "
            f"PCA's to {n['P4 d: PCA\'s coverage at 70 %']:.2f}, {100 * n['P4 d: contact lost a cycle, PCA']:.2f} %",
            _one_constant(
                {
                    "at 50 with Cal's share a cycle": shares["d"],
                    "with Cal's area a cycle": n["P4 d: Hot-Cal at 50 with Cal's area a cycle"],
                }
            )
            + f"; the paper's ends ask for shares of {ratio:.1f} to 1",
            f"assumed; {factor(ratio)}. NCM811 shrinks by some 5 % of its volume in a charge (general knowledge), "
            "which a polymer around it may follow or not",
            "tomography of one place before and after cycles; pressure brings the capacity back",
        ),
        Cell(
            "P4", "e",
            f"{100 * n['P4 e: cut off a cycle, Cal']:.1f} % of the connected particles cut off in each cycle of Cal, "
            f"down to {100 * n['P4 e: connected share of Cal at its end']:.0f} %, which then carry "
            f"{1 / n['P4 e: connected share of Cal at its end']:.1f} times their current; Hot-Cal "
            f"{100 * n['P4 e: cut off a cycle, Hot-Cal']:.2f} %, PCA {100 * n['P4 e: cut off a cycle, PCA']:.3f} %",
            _one_constant({"at 50 with Cal's share a cycle": shares["e"]})
            + f"; the paper's ends ask for shares of {cut:.1f} to 1",
            f"assumed; {factor(cut)}. Particles that are poorly held lose their last contact first",
            "Raman or diffraction of dead cells: some particles stay charged however slow the discharge",
        ),
    ]  # fmt: skip


def _infrared(n: Mapping[str, float]) -> list[Cell]:
    factors = [n[f"P6: Hot-Cal at 4.2 V over Cal at 3.8 V, {one}"] for one in ("potential", "reaction energy")]
    behind = [n[f"P6 d, e: Cal at 3.8 V over Hot-Cal at 3.8 V, {one}"] for one in ("potential", "reaction energy")]
    ratio, share, carbon = n[_PER_AREA], n[_PER_POLYMER], n["P6 c: carbon area of Cal over Hot-Cal"]
    needed = n["P6 b: drop that Hot-Cal would need [V]"]
    before = f"at 3.8 V Cal has {behind[0]:.2f} (potential) or {behind[1]:.2f} (reaction energy) of Hot-Cal's products"
    worse = f"{products(max(behind))}: {before} before it loses any reacting contact"
    return [
        Cell(
            "P6", "a",
            f"consumed in Cal by 3.8 V: a rate there of {n['P6 a: rate at 3.8 V over the available charge [1/h]']:.2g} "
            "of the available charge per hour",
            f"{products(share)} with as much per polymer, where Cal has at 3.8 V {share:.2f} of Hot-Cal's at 4.2 V, "
            f"and {products(1.0 / ratio)} with as much per contact area, {1.0 / ratio:.2f}; {GIVES} where Hot-Cal "
            f"has at most 1/{ratio:.1f} of Cal's per contact area, {100 * share:.0f} % per polymer. An amount that "
            f"does not run out asks for a factor of {factors[0]:.1e} (potential) to {factors[1]:.1e} (reaction energy)",
            f"per polymer {factor(1.0 / share)}, per contact area {factor(ratio)}; as for P2: what hot pressing drives "
            "out, or moisture (assumed)",
            "no new products in a second charge; bands of the solvent in the dried cathode",
        ),
        Cell(
            "P6", "b",
            f"a drop of {needed:.2f} V in Hot-Cal and none in Cal (potential)",
            f"{GIVES if wet(needed, n[_WET]) else DOES_NOT}: {drop(needed, n[_WET])}, and a drop at Cal's contact "
            "delays Cal",
            "the well covered cathode has the smaller resistance (Fig. 3f)",
            "-",
        ),
        Cell(
            "P6", "c",
            f"{carbon:.1e} times as much carbon in contact with polymer in Cal",
            f"{GIVES if alike(carbon) else DOES_NOT}: {factor(carbon)}",
            "both have 5 % of nanotubes",
            "the same spectra of a cathode with an inert powder in place of NCM",
        ),
        Cell("P6", "d", "-", worse, "-", "-"),
        Cell("P6", "e", "-", worse, "-", "-"),
    ]  # fmt: skip


def table(n: Mapping[str, float], fits: Sequence[Fitted] | None = None) -> list[str]:
    """Return the lines of the table; `fits` are those that are kept where none are given."""
    lines = [
        "| row | candidate | constants it needs | does it give the row? | plausible? | what would tell |",
        "|---|---|---|---|---|---|",
    ]
    for one in cells(n, stored_fits() if fits is None else fits):
        name = f"{one.row} ({one.candidate})"
        texts = (name, CANDIDATES[one.candidate], one.needs, one.gives, one.plausible, one.tells)
        lines.append("| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |")
    return lines
