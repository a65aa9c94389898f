"""The salt at one state: its properties, the potentials it makes, the exchange current densities it leaves.

Node k sees v_k = v - eta(I, c_Li) + theta(c_Li) - theta(c_k) - sum_l Z_kl(c) I_l. Z is the electronic part and, for
ionic conduction through volumes of resistance r_m rho(c_m),

    Z_kl = sum of r_m rho(c_m) over the separator and the layers m < p, and half of that of layer p = min(k, l)

c_Li = c_1 - (1 - t+) I w_1/(2 F D) is the concentration at the lithium electrode, in the first volume's gradient.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.base.units import FARADAY
from asyncsoc.kernels.salt_arrays import (
    DIFFUSIVITY,
    NOW,
    PRESENT,
    PSI,
    RHO,
    SLOPE,
    THETA,
    TRANSFERENCE,
)

_RESISTANCE = 0
"""Row of `Conductors.resistances`."""


@kernel
def fill_properties(parameters, table, c, out, column):
    """Fill a column of properties and their slopes at the concentration `c`.

    Beyond the table psi and theta go on with their end slopes, rho below it too; the rest keeps its end values.
    """
    inside = min(max(c, parameters.lowest), parameters.highest)
    last = table.shape[0] - 1
    position = (math.log(inside) - parameters.first) * parameters.inverse_spacing
    k = min(max(int(position), 0), last - 1)
    t = position - k
    outside = c - inside
    for q in range(SLOPE):
        left, right = table[k, 2 * q + 1], table[k + 1, 2 * q + 1]
        base = table[k, 2 * q]
        secant = (table[k + 1, 2 * q] - base) * parameters.inverse_spacing
        c2 = 3.0 * secant - 2.0 * left - right
        c3 = left + right - 2.0 * secant
        value = base + parameters.spacing * t * (left + t * (c2 + t * c3))
        slope = (left + t * (2.0 * c2 + 3.0 * t * c3)) / inside
        if outside != 0.0:
            goes_on = q in (PSI, THETA) or (q == RHO and outside < 0.0)
            slope = slope if goes_on else 0.0
            value += slope * outside
        out[q, column], out[SLOPE + q, column] = value, slope


@kernel
def power_of(c, rest, lowest, exponent):
    """Return (c/rest)^exponent and the slope of its logarithm by c; below `lowest` it falls exponentially."""
    if c > lowest:
        return math.pow(c / rest, exponent), exponent / c
    relative = exponent / lowest
    return math.pow(lowest / rest, exponent) * math.exp(relative * (c - lowest)), relative


@kernel
def present_salt(salt, contacts, groups, g, which):
    """Make the row `which` of a group's concentrations the present one: properties, resistances, factors of i0."""
    if salt is not None:
        _present(salt, contacts.salt, contacts.parameters, groups, g, which)


@kernel
def _present(salt, response, particles, groups, g, which):
    p, table, properties, c = salt.parameters[g], salt.tables[g], salt.properties[NOW, g], salt.c[PRESENT, g]
    if p.nodes == 0:
        return
    for m in range(p.nodes):
        c[m] = salt.c[which, g, m]
        fill_properties(p, table, c[m], properties, m)
    resistance, electronic = groups.conductors.resistances[g, _RESISTANCE], salt.electronic[g]
    passed = 0.0
    for m in range(p.separator):
        passed += salt.resistance[g, m] * properties[RHO, m]
    count = p.nodes - p.separator
    for k in range(count):
        own = salt.resistance[g, p.separator + k] * properties[RHO, p.separator + k]
        through = passed + 0.5 * own
        resistance[k, k] = electronic[k, k] + through
        for other in range(k + 1, count):
            resistance[k, other] = electronic[k, other] + through
            resistance[other, k] = electronic[other, k] + through
        passed += own
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        one = response.response[j]
        node = p.separator + particles[j].node - 1
        one.factor, one.relative = power_of(c[node], p.rest, p.lowest, p.exponent)


@kernel
def scale_exchange(salt, parameters, local, j, rate, rate_x):
    """Multiply the rows `rate` and `rate_x` of a particle's contact, i0 and di0/dx, by what its salt leaves of them."""
    if salt is not None:
        factor = salt.response[j].factor
        for k in range(parameters[j].contact_nodes):
            local[rate, k] *= factor
            local[rate_x, k] *= factor


@kernel
def surface_at_lithium(salt, g, properties, c, current):
    """Return the concentration at the lithium electrode and its slopes by the current [A] and by `c`.

    Parameters
    ----------
    properties, c
        Of the first node.
    """
    half, d, free = 0.5 * salt.width[g, 0] / FARADAY, properties[DIFFUSIVITY, 0], 1.0 - properties[TRANSFERENCE, 0]
    t_c, d_c = properties[SLOPE + TRANSFERENCE, 0], properties[SLOPE + DIFFUSIVITY, 0]
    flux = free * half / d
    return c - flux * current, -flux, 1.0 + current * half * (t_c + free * d_c / d) / d


@kernel
def drop_at_lithium(salt, step, g, properties, c, current):
    """Return eta - theta(c_Li) [V] and its slopes by the current and by the concentration `c` of the first node."""
    p = salt.parameters[g]
    surface, by_current, by_c = surface_at_lithium(salt, g, properties, c, current)
    fill_properties(p, salt.tables[g], surface, properties, p.nodes)
    value, at_fixed, slope = -properties[THETA, p.nodes], 0.0, -properties[SLOPE + THETA, p.nodes]
    if step.lithium_current != 0.0:
        factor, relative = power_of(surface, p.rest, p.lowest, p.lithium_exponent)
        scale = step.lithium_current * factor
        ratio = current / scale
        root = math.sqrt(1.0 + ratio * ratio)
        value += step.lithium_voltage * math.asinh(ratio)
        at_fixed = step.lithium_voltage / (scale * root)
        slope -= step.lithium_voltage * ratio / root * relative
    return value, at_fixed + slope * by_current, slope * by_c


@kernel
def least_salt(salt, g, current):
    """Return the lowest concentration over that at rest at the present state, at the lithium electrode included."""
    if salt is None:
        return math.inf
    p = salt.parameters[g]
    if p.nodes == 0:
        return math.inf
    c = salt.c[PRESENT, g]
    lowest, _, _ = surface_at_lithium(salt, g, salt.properties[NOW, g], c[0], current)
    for m in range(p.nodes):
        lowest = min(lowest, c[m])
    return lowest / p.rest
