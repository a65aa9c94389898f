"""What contacts put into a step and take out of it: slopes and fluxes, charges and increments of their films.

Contacts differ from member to member, so that this is done lane by lane.
"""

from __future__ import annotations

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import (
    CURRENT,
    CURRENT_FILM,
    CURRENT_LAMBDA,
    CURRENT_X,
    FILM,
    FILM_GAIN,
    FILM_RHS,
    POTENTIAL_X,
    ROW,
    SIDE,
    SIDE_FILM,
    SIDE_LAMBDA,
    SIDE_TOTAL_X,
    SIDE_X,
    START_CURRENT_FILM,
    START_SIDE_FILM,
    START_SIDE_LAMBDA,
    START_SIDE_X,
    TOTAL_X,
    X,
    evaluate_contact,
    load_contact,
)
from asyncsoc.kernels.lanes import at, put, width
from asyncsoc.kernels.members import (
    ACTIVE,
    CHARGE_DENSITY,
    CURRENT_FACTOR,
    GROWTH,
    KINETICS,
    N_CONTACT,
    POTENTIAL_FACTOR,
    SIDE_TABLE,
    TABLE,
    TARGET,
)
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.kernels.workspace import (
    CORNER,
    KEPT_POTENTIAL,
    KEPT_SIDE,
    KEPT_SIDE_LAMBDA,
    KEPT_TOTAL,
    KEPT_TOTAL_LAMBDA,
    LAM,
    NEW_LAM,
)


@kernel
def linearize(members, group, ws):
    """Add the contacts to shift and border; remember their reduced slopes."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts = ws.local[lane], ws.numbers[lane], members.facts[j]
        table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
        nodes, areas, film = members.nodes[j], members.areas[j], members.film[j]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), facts[CHARGE_DENSITY], facts[ACTIVE] > 0.0
        # A uniform flux is the current that is asked for: lambda does not change, and needs no column.
        given = int(facts[KINETICS]) == UNIFORM_FLUX and facts[POTENTIAL_FACTOR] == 0.0
        bordered = 0.0 if given else 1.0
        for k in range(int(facts[N_CONTACT])):
            local[X, k] = at(ws.x, nodes[k], lane)
        load_contact(facts, table, side_table, local)
        _, _, total_lambda, side_lambda, _, potential_lambda = evaluate_contact(
            facts, areas, members.resistance[j], numbers[LAM], film, local
        )
        for k in range(int(facts[N_CONTACT])):
            i_x, i_lambda, o_x, o_lambda = (
                local[CURRENT_X, k],
                local[CURRENT_LAMBDA, k],
                local[SIDE_X, k],
                local[SIDE_LAMBDA, k],
            )
            i_film, o_film, area, node = (
                local[CURRENT_FILM, k],
                local[SIDE_FILM, k],
                areas[k],
                nodes[k],
            )
            local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k] = i_film, o_film
            local[START_SIDE_X, k], local[START_SIDE_LAMBDA, k] = o_x, o_lambda
            if active:
                gain = facts[GROWTH] / (inverse_gh - facts[GROWTH] * o_film)
                film_x, film_lambda = gain * o_x, gain * o_lambda
                i_x += i_film * film_x
                i_lambda += i_film * film_lambda
                o_x += o_film * film_x
                side_lambda += area * o_film * film_lambda
                total_lambda += area * (i_film + o_film) * film_lambda
                local[FILM_GAIN, k] = gain
            put(ws.shift, node, lane, at(ws.shift, node, lane) + area / density * i_x / at(ws.diffusivity, node, lane))
            put(ws.border, node, lane, bordered * area / density * i_lambda)
            local[TOTAL_X, k] = area * (i_x + o_x)
            local[SIDE_TOTAL_X, k] = area * o_x
            local[ROW, k] = facts[CURRENT_FACTOR] * local[TOTAL_X, k] + facts[POTENTIAL_FACTOR] * local[POTENTIAL_X, k]
        numbers[KEPT_TOTAL_LAMBDA], numbers[KEPT_SIDE_LAMBDA] = total_lambda, side_lambda
        numbers[CORNER] = facts[CURRENT_FACTOR] * total_lambda + facts[POTENTIAL_FACTOR] * potential_lambda


@kernel
def drive(tableau, members, group, stage, ws):
    """Evaluate the contacts at a stage and subtract their fluxes from the right-hand sides."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, stages = ws.local[lane], ws.numbers[lane], members.facts[j], ws.film_stages[lane]
        table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
        nodes, areas, film = members.nodes[j], members.areas[j], members.film[j]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), facts[CHARGE_DENSITY], facts[ACTIVE] > 0.0
        lam = numbers[LAM]
        for p in range(stage):
            lam += tableau.a[stage, p] * ws.stage_lambda[lane, p]
        for k in range(int(facts[N_CONTACT])):
            local[X, k] = at(ws.argument, nodes[k], lane)
            local[FILM, k], local[FILM_RHS, k] = film[k], 0.0
            if active:
                for p in range(stage):
                    local[FILM, k] += tableau.a[stage, p] * stages[p, k]
                    local[FILM_RHS, k] += at(ws.combination, p, lane) * stages[p, k]
        load_contact(facts, table, side_table, local)
        total, side_total, _, _, potential, _ = evaluate_contact(
            facts, areas, members.resistance[j], lam, local[FILM], local
        )
        for k in range(int(facts[N_CONTACT])):
            i_here, area, node = local[CURRENT, k], areas[k], nodes[k]
            if active:  # the part of the film's increment that does not depend on x and lambda
                i_film, o_film = local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k]
                grown = (facts[GROWTH] * local[SIDE, k] + local[FILM_RHS, k]) / (inverse_gh - facts[GROWTH] * o_film)
                local[FILM_RHS, k] = grown
                i_here += i_film * grown
                total += area * (i_film + o_film) * grown
                side_total += area * o_film * grown
            put(ws.rhs, node, lane, at(ws.rhs, node, lane) - area * i_here / density)
        numbers[KEPT_TOTAL], numbers[KEPT_SIDE], numbers[KEPT_POTENTIAL], numbers[NEW_LAM] = (
            total,
            side_total,
            potential,
            lam,
        )


@kernel
def change_lambda(members, group, ws):
    """Set `ws.mask` to the changes of lambda that meet the constraints, the stage's right-hand sides solved for."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, nodes = ws.local[lane], ws.numbers[lane], members.facts[j], members.nodes[j]
        residual = facts[TARGET] - facts[CURRENT_FACTOR] * numbers[KEPT_TOTAL]
        residual -= facts[POTENTIAL_FACTOR] * numbers[KEPT_POTENTIAL]
        for k in range(int(facts[N_CONTACT])):
            residual -= local[ROW, k] * at(ws.rhs, nodes[k], lane)
        if numbers[CORNER] != 0.0:
            residual /= numbers[CORNER]
        else:
            residual = 0.0
        put(ws.mask, 0, lane, residual)


@kernel
def draw(members, group, stage, ws):
    """Keep what the members' stages draw, and the increments of their films."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, nodes = ws.local[lane], ws.numbers[lane], members.facts[j], members.nodes[j]
        active = facts[ACTIVE] > 0.0
        change = at(ws.mask, 0, lane)
        charge_sum, side_sum, first = 0.0, 0.0, stage * ws.x.shape[0]
        for p in range(stage):
            charge_sum += at(ws.combination, p, lane) * ws.stage_charge[lane, p]
            side_sum += at(ws.combination, p, lane) * ws.stage_side[lane, p]
        drawn = numbers[KEPT_TOTAL] + numbers[KEPT_TOTAL_LAMBDA] * change
        side_drawn = numbers[KEPT_SIDE] + numbers[KEPT_SIDE_LAMBDA] * change
        for k in range(int(facts[N_CONTACT])):
            moved = at(ws.stages, first + nodes[k], lane)
            drawn += local[TOTAL_X, k] * moved
            side_drawn += local[SIDE_TOTAL_X, k] * moved
            if active:
                ws.film_stages[lane, stage, k] = local[FILM_RHS, k] + local[FILM_GAIN, k] * (
                    local[START_SIDE_X, k] * moved + local[START_SIDE_LAMBDA, k] * change
                )
        inverse_gh = at(ws.inverse_gh, 0, lane)
        ws.stage_lambda[lane, stage] = change
        ws.stage_charge[lane, stage] = (drawn + charge_sum) / inverse_gh
        ws.stage_side[lane, stage] = (side_drawn + side_sum) / inverse_gh
