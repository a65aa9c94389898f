"""The table of docs/paper.md of what each candidate outside of the bound needs for each row that is not reproduced.

Words follow from the numbers by the rules here. What a cell says of plausibility names the amount it compares with, or
that it is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CANDIDATES = {
    "a": "a finite amount, consumed once",
    "b": "a potential drop in dry polymer at a constricted contact",
    "c": "a rate that needs carbon",
    "d": "a coverage that falls",
    "e": "particles that become isolated",
}
ROWS = ("P2", "P4", "P6")
_WITHIN = 0.1
"""Of a retention: what counts as given, as in P4."""
_HOT = 0.675
_LEVEL = 0.98
"""Of a retention: what counts as no fade."""
_UNSEEN = 1.0
_SHORT = 1.0
_PER_AREA = "P6 a: Cal's amount per contact area over Hot-Cal's"
_PER_POLYMER = "P6 a: Hot-Cal has at most, of Cal's per polymer"
_LATE, _EARLY = ("P2 a: consumed below 3.75 V, Cal", "P2 a: consumed below 3.75 V, Hot-Cal, the same per polymer")
_CURRENT = 0.24 / 0.3
"""A/m2, mean of Cal's contact at C/10 and R = 7.5 um."""
_NEEDED = "P2 a: charge available per contact area [C/m2]"
_DROP = "P2 b: largest extra with a drop of 10 to 400 mV [mA h/g]"
_MOST = "P2 a: Hot-Cal has at most, of Cal's per polymer"


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
        "gives it", "only with ..." or "does not", with the number behind it.
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


def cells(n: Mapping[str, float]) -> list[Cell]:
    """Return the table's cells from the numbers that are kept."""
    return [*_first_charge(n), *_cycling(n), *_infrared(n)]


def _first_charge(n: Mapping[str, float]) -> list[Cell]:
    amount = n["P2 a: mmol of electrons per g of polymer"]
    ends, nitrile, nmp = (
        n[one] for one in ("OH ends of PEO of 600 000 g/mol", "1 % by mass of acetonitrile", "1 % by mass of NMP")
    )
    shared, drop = n["P2 a: Hot-Cal with the same per polymer [mA h/g]"], n[_DROP]
    return [
        Cell(
            "P2", "a",
            f"{n[_NEEDED]:.0f} C/m2 of Cal's contact at 1 A/m2 at 3.8 V "
            f"(assumed): {n['P2 a: the same [mA h/g]']:.1f} mAh/g of NCM, of which 5 near 3.8 V; {amount:.2g} mmol of "
            "electrons per g of polymer",
            f"{'gives it' if shared < _UNSEEN else 'only with less in Hot-Cal'} where the amount belongs to the "
            f"polymer: with as much per polymer Hot-Cal has {shared:+.1f} mAh/g near 3.8 V"
            + (
                f", since it consumes {100 * n[_EARLY]:.0f} % below 3.75 V at its larger contact, Cal "
                f"{100 * n[_LATE]:.0f} %"
                if shared < _UNSEEN
                else ""
            )
            + f" (up to {n[_MOST]:.1f} times as much stay unseen); not where it belongs to the contact: with as much "
            f"per contact area it has {n['P2 a: Hot-Cal with the same [mA h/g]']:.1f}",
            f"OH ends of PEO give {ends:.1g} mmol/g, too few by a factor of {amount / ends:.0f}; "
            f"{amount / nitrile:.0f} % by mass of residual acetonitrile or {amount / nmp:.0f} % of NMP at one electron "
            f"each, {amount / n['LiTFSI, all of it']:.1f} times all LiTFSI: much for a plateau of 5 mAh/g, a fifth of "
            f"it for one of 1. A film of the products, {1e6 * 4e-10 * n[_NEEDED]:.1f} um by the default volume, would "
            "have to conduct",
            f"a second charge, which has {abs(n['P2 a: plateau of the second charge [mA h/g]']):.1f} mAh/g left of it; "
            "Hot-Cal's first charge is longer by as much below 3.75 V; weight and gas of dried cathodes up to 80 degC",
        ),
        Cell(
            "P2", "b",
            "any drop of 10 to 400 mV at C/10 in Cal alone; 100 mV at a round contact, rho/(4 a), are "
            f"{n['P2 b: conductivity for 100 mV [S/cm]']:.1g} S/cm",
            f"{'gives it' if drop > _SHORT else 'does not'}: near 3.8 V the charge changes by at most {drop:+.1f} "
            "mAh/g, since NCM's own curve is not flatter below; and the side reaction is delayed",
            "wet polymer of 4e-4 S/cm drops "
            f"{1e3 * n['P2 b: drop of a round contact in wet polymer [V]']:.2g} mV there",
            "the step of the voltage when the current stops",
        ),
        Cell(
            "P2", "c",
            f"{n['P2 c: carbon area of Cal over Hot-Cal']:.1f} times as much carbon in contact with polymer in Cal as "
            "in Hot-Cal",
            "does not give a *short* plateau: at one carbon area Hot-Cal has "
            f"{n['P2 c: Hot-Cal over Cal at equal carbon area']:.2f} times Cal's charge near 3.8 V, and a reaction "
            f"that does not run out takes {n['P2 c: charge up to 4.2 V over that of the plateau']:.0f} times that "
            "charge by 4.2 V",
            "both cathodes have 5 % of nanotubes; pressing makes more contact, not less",
            "the same charge of a cell with an inert powder in place of NCM",
        ),
        Cell(
            "P2", "d",
            "a contact that shrinks to 0.3 of itself in 6 h of the first charge (assumed)",
            f"does not: {n['P2 d: extra with 0.3 to 0.09 in 6 h [mA h/g]']:+.1f} mAh/g near 3.8 V, the voltage only "
            "rises faster",
            "-",
            "-",
        ),
        Cell(
            "P2", "e",
            "half of the particles cut off from the start (assumed)",
            f"does not: {n['P2 e: extra with half cut off [mA h/g]']:+.1f} mAh/g near 3.8 V",
            "-",
            "-",
        ),
    ]  # fmt: skip


def _retained(value: float) -> str:
    return "gives it" if abs(value - _HOT) <= _WITHIN else "only with another constant for Hot-Cal"


def _cycled(n: Mapping[str, float]) -> tuple[str, str, str]:
    """Return of P4 and a finite amount whether it gives the row, the pace it needs, and what cycled particles have."""
    if "P4 a: Cal at 32, cycled" not in n:
        return "may give it, with two constants", "", ". Cycles with it are not computed yet"
    hot, pca, thick = (n[f"P4 a: {one}, cycled"] for one in ("Hot-Cal at 50", "PCA at 500", "PCA, 28.6 mg/cm2, at 150"))
    given = all(abs(value - paper) <= _WITHIN for value, paper in ((hot, _HOT), (pca, 0.70), (thick, 0.779)))
    rate = n["P4 a: rate at 3.8 V over the available charge [1/h]"]
    return (
        f"{'gives it' if given else 'gives the levels, not the course'}, with two constants",
        f", at a rate at 3.8 V of {rate:.2g} of the available charge per hour",
        f" (cycled: Cal {100 * n['P4 a: Cal at 32, cycled']:.0f} % at 32, Hot-Cal {100 * hot:.0f} % at 50, PCA "
        f"{100 * pca:.0f} % at 500 and, at 28.6 mg/cm2, {100 * thick:.0f} % at 150"
        + (
            ", of their first capacities: at the rate that Cal's end asks for they have their films from the first "
            "charge on, while Cal's own film slows its reaction)"
            if hot > _LEVEL
            else ")"
        ),
    )


def _cycling(n: Mapping[str, float]) -> list[Cell]:
    word, pace, cycled = _cycled(n)
    last = n["P4 a: film's resistance that ends Cal [ohm m2]"]
    whole = n["P4 a: film of Hot-Cal at 67.5 % [ohm m2]"]
    coverage, isolated = (n[f"P4 {one}: Hot-Cal at 50 with Cal's share a cycle"] for one in "de")
    ratio = n["P4 d: contact lost a cycle, Cal"] / n["P4 d: contact lost a cycle, Hot-Cal"]
    cut = n["P4 e: cut off a cycle, Cal"] / n["P4 e: cut off a cycle, Hot-Cal"]
    return [
        Cell(
            "P4", "a",
            f"a film that ends at {whole:.2f} ohm m2, where all is consumed{pace}",
            f"{word} for four numbers: Cal ends at {last:.2f} ohm m2, on the way; what is left with the last film is "
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
            "does not by itself: a drop that stays costs the same in every cycle; one that grows is a resistive film "
            "by another name, with the blind retentions of that row of P4",
            f"it is {_CURRENT * last:.2f} V at the mean current of Cal's contact, wet polymer at a round contact drops "
            f"{1e3 * n['P2 b: drop of a round contact in wet polymer [V]']:.2g} mV",
            "capacity at C/100: a drop hardly costs any there",
        ),
        Cell(
            "P4", "c",
            f"{100 * n['P4 c: share of the contact near carbon']:.0f} % of Cal's contact near carbon, and closed",
            f"{_retained(n['P4 c: Hot-Cal with that share closed'])}: Hot-Cal keeps "
            f"{100 * n['P4 c: Hot-Cal with that share closed']:.0f} % with the same share closed, however long",
            "assumed; no share is known",
            "the same cathode with other carbon; where the products are on a section",
        ),
        Cell(
            "P4", "d",
            f"Cal's coverage from 0.30 to {n['P4 d: Cal\'s coverage at its end']:.3f}, "
            f"{100 * n['P4 d: contact lost a cycle, Cal']:.1f} % of what is left in each cycle; Hot-Cal's to "
            f"{n['P4 d: Hot-Cal\'s coverage at 67.5 %']:.2f}, {100 * n['P4 d: contact lost a cycle, Hot-Cal']:.1f} %; "
            f"PCA's to {n['P4 d: PCA\'s coverage at 70 %']:.2f}, {100 * n['P4 d: contact lost a cycle, PCA']:.2f} %",
            f"{_retained(coverage)}: with Cal's share a cycle Hot-Cal keeps {100 * coverage:.0f} % at 50, with Cal's "
            f"area a cycle {100 * n['P4 d: Hot-Cal at 50 with Cal\'s area a cycle']:.0f} %; the shares are "
            f"{ratio:.1f} to 1",
            "assumed; NCM811 shrinks by some 5 % of its volume in a charge (general knowledge), which a polymer around "
            "it may follow or not",
            "tomography of one place before and after cycles; pressure brings the capacity back",
        ),
        Cell(
            "P4", "e",
            f"{100 * n['P4 e: cut off a cycle, Cal']:.1f} % of the connected particles cut off in each cycle of Cal, "
            f"down to {100 * n['P4 e: connected share of Cal at its end']:.0f} %, which then carry "
            f"{1 / n['P4 e: connected share of Cal at its end']:.1f} times their current; Hot-Cal "
            f"{100 * n['P4 e: cut off a cycle, Hot-Cal']:.2f} %, PCA {100 * n['P4 e: cut off a cycle, PCA']:.3f} %",
            f"{_retained(isolated)}: with Cal's share a cycle Hot-Cal keeps {100 * isolated:.0f} % at 50; the shares "
            f"are {cut:.1f} to 1",
            "assumed; particles that are poorly held lose their last contact first",
            "Raman or diffraction of dead cells: some particles stay charged however slow the discharge",
        ),
    ]  # fmt: skip


def _infrared(n: Mapping[str, float]) -> list[Cell]:
    factors = [n[f"P6: Hot-Cal at 4.2 V over Cal at 3.8 V, {one}"] for one in ("potential", "reaction energy")]
    behind = [n[f"P6 d, e: Cal at 3.8 V over Hot-Cal at 3.8 V, {one}"] for one in ("potential", "reaction energy")]
    worse = (
        f"does not: at 3.8 V Cal has {behind[0]:.2f} (potential) or {behind[1]:.2f} (reaction energy) of Hot-Cal's "
        "products already, and loses reacting contact besides"
    )
    return [
        Cell(
            "P6", "a",
            f"consumed in Cal by 3.8 V: a rate there of {n['P6 a: rate at 3.8 V over the available charge [1/h]']:.2g} "
            "of the available charge per hour",
            "only with less of it in Hot-Cal, since each consumes what it has by 4.2 V: by the rule of P6 at most 1/"
            f"{n[_PER_AREA]:.1f} of Cal's per contact area, {100 * n[_PER_POLYMER]:.0f} % per polymer, and much less "
            "to be told apart by eye. An amount that does not run out asks for a factor of "
            f"{factors[0]:.1e} (potential) to {factors[1]:.1e} (reaction energy)",
            "as for P2: what hot pressing drives out, or moisture (assumed)",
            "no new products in a second charge; bands of the solvent in the dried cathode",
        ),
        Cell(
            "P6", "b",
            f"a drop of {n['P6 b: drop that Hot-Cal would need [V]']:.2f} V in Hot-Cal and none in Cal (potential)",
            "does not: a drop at Cal's contact delays Cal",
            "the well covered cathode has the smaller resistance (Fig. 3f)",
            "-",
        ),
        Cell(
            "P6", "c",
            f"{n['P6 c: carbon area of Cal over Hot-Cal']:.1e} times as much carbon in contact with polymer in Cal",
            "does not",
            "both have 5 % of nanotubes",
            "the same spectra of a cathode with an inert powder in place of NCM",
        ),
        Cell("P6", "d", "-", worse, "-", "-"),
        Cell("P6", "e", "-", worse, "-", "-"),
    ]  # fmt: skip


def table(n: Mapping[str, float]) -> list[str]:
    """Return the lines of the table."""
    lines = [
        "| row | candidate | constants it needs | does it give the row? | plausible? | what would tell |",
        "|---|---|---|---|---|---|",
    ]
    for one in cells(n):
        name = f"{one.row} ({one.candidate})"
        texts = (name, CANDIDATES[one.candidate], one.needs, one.gives, one.plausible, one.tells)
        lines.append("| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |")
    return lines
