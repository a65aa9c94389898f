"""The bound that forbids some rows within the model, as the page states it."""

from __future__ import annotations

BOUND = """**The bound.** Let U(x) fall strictly with x, the temperature be constant, U have no hysteresis, the
current at every point of the contact have the sign of v - U(x) there, and the diffusion obey a maximum principle.
Then at every point of a particle, for any history,

    U(x(t)) <= max( max over the particle of U(x(0)), max over s <= t of v(s) ),

where v is the potential that drives the particle; a film only helps, since its drop has the sign of the current. With
every drop between particle and cell at least zero on charge, v <= V, the cell voltage. So in one charge from rest
with a rising voltage **the contact of a partly covered particle is at no cell voltage more delithiated than U(x) = V
allows, which a well covered particle reaches too**: whatever the coverage, no group and no network of particles puts
the contact of Cal ahead of Hot-Cal's at one cell voltage. At equal *mean* stoichiometry it is ahead, which is the
paper's effect.

It is a statement about running maxima. After a step down of the current a well covered particle can have U(x) > v at
its contact while the cell still charges. Tetrahedral meshes break the maximum principle by some 2e-3 in x.
`tests/test_paper_bound.py` checks it for random protocols, coverages, films and side reactions.

What lies outside of it, and would have to be a law of its own: a finite amount of something that can be oxidised, at
each contact or in each volume of polymer, consumed once; a potential drop in a dry polymer towards a constricted
contact; a rate that needs carbon; a coverage that falls while cycling; particles that become isolated."""
