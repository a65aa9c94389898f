"""How particles depend on the salt of their layers: the second border of a step, and what they leave of it.

Lanes beyond `count` are padding. The border is solved for in `ws.rhs`, which is free before the first stage, and kept
in `Body.salt_border`.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import at, every, put, store
from asyncsoc.kernels.constraint import (
    CURRENT,
    CURRENT_SLOPE,
    FILM_GAIN,
    SIDE,
    SIDE_SLOPE,
    SIDE_TOTAL_X,
    START_CURRENT_FILM,
    START_SIDE_FILM,
    TOTAL_X,
)
from asyncsoc.kernels.salt_arrays import SIDE_SALT


@kernel
def fill_salt_border(salt, contacts, body, block, count, ws):
    """Fill `ws.rhs` with how the concentration changes the flux, the contacts evaluated at the start of the step."""
    for i in range(ws.rhs.shape[0]):
        store(ws.rhs, i, every(ws.x, 0.0))
    for lane in range(count):
        _fill_border(salt, contacts, body, block, lane, ws)


@kernel
def _fill_border(salt, contacts, body, block, lane, ws):
    j, nodes = body.number[block[lane]], body.nodes[block[lane]]
    particle, local, one = contacts.parameters[j], contacts.local[j], salt.response[j]
    areas, film, active = contacts.areas[j], contacts.film[j], particle.side_active > 0
    total, side_total, start = 0.0, 0.0, 0.0
    for k in range(particle.contact_nodes):
        ohms, opened, area = contacts.resistance[j, k], 1.0, areas[k]
        if active:
            ohms += film[k] * particle.resistivity
            opened = max(0.0, 1.0 - film[k] * particle.inverse_block)
        density = local[CURRENT, k] / opened if opened > 0.0 else 0.0
        # ln i0 changes by `relative`: behind a film the drop over it takes a part back, and changes the side reaction
        i_c = one.relative * density * (opened - ohms * local[CURRENT_SLOPE, k])
        o_c = -one.relative * ohms * density * local[SIDE_SLOPE, k]
        salt.local[j, SIDE_SALT, k] = o_c
        start += area * (local[CURRENT, k] + local[SIDE, k])
        if active:
            grown = local[FILM_GAIN, k] * o_c
            i_c += local[START_CURRENT_FILM, k] * grown
            o_c += local[START_SIDE_FILM, k] * grown
        put(ws.rhs, nodes[k], lane, area / particle.charge_density * i_c)
        total += area * (i_c + o_c)
        side_total += area * o_c
    one.total_salt, one.side_salt, one.start = total, side_total, start


@kernel
def reduce_salt_border(salt, contacts, body, block, count, ws):
    """Keep the solved border of `ws.rhs`, and how it changes what reaches the layers, particle by particle."""
    for lane in range(count):
        _reduce_border(salt, contacts, body, block, lane, ws)


@kernel
def _reduce_border(salt, contacts, body, block, lane, ws):
    row = block[lane]
    j, nodes, border = body.number[row], body.nodes[row], body.salt_border[row]
    particle, attempt, local, one = contacts.parameters[j], contacts.attempt[j], contacts.local[j], salt.response[j]
    for i in range(border.size):
        border[i] = at(ws.rhs, i, lane)
    slope, side_slope, own_side = one.total_salt, one.side_salt, attempt.side_unknown
    for k in range(particle.contact_nodes):
        node = nodes[k]
        slope -= local[TOTAL_X, k] * border[node]
        side_slope -= local[SIDE_TOTAL_X, k] * border[node]
        own_side -= local[SIDE_TOTAL_X, k] * at(ws.border, node, lane)
    one.own = 0.0
    if math.isinf(particle.own_resistance):
        one.own = -slope / attempt.slope if attempt.slope != 0.0 else 0.0
    elif particle.own_resistance != 0.0:
        one.own = -particle.own_resistance * attempt.share * slope
    one.own_side, one.slope = own_side, attempt.share * slope
    one.side_corner, one.side_slope = own_side * attempt.share, side_slope + own_side * one.own


@kernel
def keep_drawn(salt, j, total, side):
    """Keep what a particle draws in a stage as evaluated."""
    if salt is not None:
        salt.response[j].drawn, salt.response[j].side = total, side


@kernel
def miss_salt(salt, contacts, body, block, count, ws):
    """Leave the side current of a stage at fixed potential and concentration of the layer, the stage solved for."""
    if salt is not None:
        for lane in range(count):
            j, nodes = body.number[block[lane]], body.nodes[block[lane]]
            particle, attempt, local, one = (
                contacts.parameters[j],
                contacts.attempt[j],
                contacts.local[j],
                salt.response[j],
            )
            side = attempt.side_total + one.own_side * attempt.offset
            for k in range(particle.contact_nodes):
                side += local[SIDE_TOTAL_X, k] * at(ws.rhs, nodes[k], lane)
            one.side_residual = side


@kernel
def moved_by_salt(salt, j, moved):
    """Return the change of a particle's own unknown with what the change of its concentration adds."""
    if salt is None:
        return moved
    return moved + salt.response[j].own * salt.response[j].change


@kernel
def update_salt(salt, body, block, count, stage, ws):
    """Take the solved border, times the change of the concentration, out of a stage."""
    if salt is not None:
        n = ws.x.shape[0]
        for lane in range(count):
            row = block[lane]
            change = salt.response[body.number[row]].change
            for i in range(n):
                place = stage * n + i
                put(ws.stages, place, lane, at(ws.stages, place, lane) - change * body.salt_border[row, i])


@kernel
def drawn_by_salt(salt, j, drawn, side):
    """Return what a stage draws, and the side reaction's part, with what the change of the concentration adds."""
    if salt is None:
        return drawn, side
    one = salt.response[j]
    return drawn + one.total_salt * one.change, side + one.side_salt * one.change


@kernel
def side_by_salt(salt, j, k, side):
    """Return the change of a side current density in a stage with what the change of the concentration adds."""
    if salt is None:
        return side
    return side + salt.local[j, SIDE_SALT, k] * salt.response[j].change
