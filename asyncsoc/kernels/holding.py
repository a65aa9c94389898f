"""What error control sees of a step under a held voltage: the current, which a small error in stoichiometry can hide.

Where kinetics are fast the current is the small difference of two large rates. A step much longer than the particle's
relaxation then ends within tolerance of the right stoichiometry although the current between, and even its sign at the
end, mean nothing. So two more errors are formed: the current of the embedded solution against that of the solution, and
the charge passed against the integral of the continuous solution's current by Simpson's rule.
"""

from __future__ import annotations

import math

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import FILM, X, solve_lambda_at
from asyncsoc.kernels.lanes import at, width
from asyncsoc.kernels.members import ACTIVE, CURRENT_SCALE, N_CONTACT, POTENTIAL_FACTOR, SIDE_TABLE, TABLE
from asyncsoc.kernels.workspace import CHARGE as STEP_CHARGE
from asyncsoc.kernels.workspace import EMBEDDED_CURRENT, MIDDLE_CURRENT, NEW_LAM, TOLERANCE, H

CURRENT_WEIGHT = 10.0
"""Relative error of the current that counts as the tolerance in stoichiometry, over that tolerance."""
CHARGE_WEIGHT = 30.0
"""The same for the charge that the continuous solution's current adds up to."""
_TINY = 1e-290


@kernel
def _solved_current(members, j, lam, local):
    """Return the current [A] at the stoichiometries and films in `local`, not a number where there is none."""
    facts = members.facts[j]
    table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
    converged, _, current, _ = solve_lambda_at(
        facts, members.areas[j], members.resistance[j], table, side_table, local[FILM], lam, local
    )
    return current if converged else math.nan


@kernel
def look_at_currents(tableau, members, group, ws):
    """Fill the currents of the embedded solution and in the middle of the step of members whose voltage is held.

    Needs the new x in `ws.x`, films in `members.film_new` and the stages; overwrites `ws.local`.
    """
    last, n = tableau.a.shape[0] - 1, ws.x.shape[0]
    for lane in range(width(ws.x)):
        j = group[lane]
        facts, numbers, local = members.facts[j], ws.numbers[lane], ws.local[lane]
        if facts[POTENTIAL_FACTOR] == 0.0:
            continue
        nodes, active, stages = members.nodes[j], facts[ACTIVE] > 0.0, ws.film_stages[lane]
        for k in range(int(facts[N_CONTACT])):
            local[X, k] = at(ws.x, nodes[k], lane) - at(ws.stages, last * n + nodes[k], lane)
            local[FILM, k] = members.film_new[j, k] - (stages[last, k] if active else 0.0)
        numbers[EMBEDDED_CURRENT] = _solved_current(members, j, numbers[NEW_LAM], local)
        for k in range(int(facts[N_CONTACT])):
            x = 0.5 * (members.x[j, nodes[k]] + at(ws.x, nodes[k], lane))
            film = 0.5 * (members.film[j, k] + members.film_new[j, k])
            for p in range(last + 1):
                weight = 0.25 * (tableau.dense[0, p] + 0.5 * (tableau.dense[1, p] + 0.5 * tableau.dense[2, p]))
                x += weight * at(ws.stages, p * n + nodes[k], lane)
                if active:
                    film += weight * stages[p, k]
            local[X, k], local[FILM, k] = x, film
        numbers[MIDDLE_CURRENT] = _solved_current(members, j, numbers[NEW_LAM], local)


@kernel
def held_error(facts, numbers, start, end):
    """Return the error of a step under a held voltage, in the measure of the tolerance in stoichiometry.

    Parameters
    ----------
    facts, numbers
        Of the member and of the attempt.
    start, end
        Current before and after the step [A].
    """
    h, scale, charge = numbers[H], facts[CURRENT_SCALE], numbers[STEP_CHARGE]
    apart = abs(end - numbers[EMBEDDED_CURRENT]) / (CURRENT_WEIGHT * max(abs(end), scale, _TINY))
    added = h / 6.0 * (start + 4.0 * numbers[MIDDLE_CURRENT] + end)
    missing = abs(added - charge) / (CHARGE_WEIGHT * max(abs(charge), scale * h, _TINY))
    return max(apart, missing)


@kernel
def is_judged(facts, numbers):
    """Return whether the current of a step is judged: under a voltage, unless equal steps were asked for."""
    return facts[POTENTIAL_FACTOR] != 0.0 and numbers[TOLERANCE] < 1.0
