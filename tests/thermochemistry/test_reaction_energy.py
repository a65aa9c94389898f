"""Reaction energies against independent numbers, a brute-force enumeration, and the properties they must have."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.curve import mixing_profile, reaction_curve, sampled_energies
from asyncsoc.materials.thermochemistry.loading import default_phase_table, parse_phase_table
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase
from asyncsoc.materials.thermochemistry.pseudo_binary import (
    PseudoBinary,
    profile_energy,
    pseudo_binary,
    reaction_energy,
)
from asyncsoc.materials.thermochemistry.reactants import reactant, reactant_names
from asyncsoc.materials.thermochemistry.reaction import Kind

Array = NDArray[np.float64]

# Minimum over the mixing fraction [eV/atom], computed with pymatgen's hull from the same enthalpies and Chen's voltage
# curve, without the hydroxides of nickel and cobalt and with -190 kJ/mol for the ethylene oxide unit.
X = np.array([1.0, 0.9, 0.8, 0.6, 0.5, 0.45, 0.4, 0.3, 0.25])
REFERENCE = {
    "litfsi": [-0.594, -0.601, -0.610, -0.633, -0.645, -0.651, -0.658, -0.672, -0.679],
    "eca": [-0.290, -0.315, -0.343, -0.415, -0.458, -0.479, -0.499, -0.542, -0.564],
    "peo": [-0.275, -0.298, -0.327, -0.400, -0.441, -0.462, -0.482, -0.523, -0.544],
}
ELECTROLYTES = tuple(REFERENCE)
KINDS: tuple[Kind, ...] = ("total", "mutual")


def same_inputs(name: str) -> Phase:
    phase = reactant(name)
    return replace(phase, energy=-190.0 * KJ_PER_MOL) if name == "peo" else phase


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_the_reference_numbers_are_met_on_the_same_inputs(name: str) -> None:
    table = default_phase_table().without("Ni(OH)2", "Co(OH)2", "Li2MnO3", "SO2F2")
    curve = reaction_curve(named_host("ncm811-chen2020"), same_inputs(name), X, table=table)
    np.testing.assert_allclose(curve.energy, REFERENCE[name], atol=0.001)


@pytest.mark.parametrize("cathode", ["ncm811", "ncm811-chen2020"])
@pytest.mark.parametrize("name", ELECTROLYTES)
def test_the_shipped_data_stay_near_the_reference_and_rise_with_x(name: str, cathode: str) -> None:
    host = named_host(cathode)
    np.testing.assert_allclose(reaction_curve(host, reactant(name), X).energy, REFERENCE[name], atol=0.02)
    dense = reaction_curve(host, reactant(name), np.linspace(0.0, 1.0, 41))
    assert (np.diff(dense.energy) > 0.0).all()


def test_what_survives_under_total_and_mutual_enthalpies() -> None:
    """LiTFSI is the more reactive one under total energies everywhere, under mutual ones only for x > 0.36."""
    host = named_host("ncm811")
    x = np.array([0.25, 0.3, 0.4, 0.5, 0.6, 0.8])
    curves = {
        kind: {n: reaction_curve(host, reactant(n), x, kind=kind).energy for n in ("litfsi", "eca")} for kind in KINDS
    }
    assert (curves["total"]["litfsi"] < curves["total"]["eca"]).all()
    assert (curves["mutual"]["litfsi"] < curves["mutual"]["eca"]).tolist() == [False, False, True, True, True, True]
    # As enthalpy, mutual LiTFSI hardly depends on x below 0.6 (entropy changes that: test_gibbs_energies.py).
    level, steep = curves["mutual"]["litfsi"], curves["mutual"]["eca"]
    assert abs(level[4] - level[0]) < 0.01
    assert steep[4] - steep[0] > 0.08


@pytest.mark.parametrize("potential", [None, 3.9])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", reactant_names())
def test_products_balance_element_by_element(name: str, kind: Kind, potential: float | None) -> None:
    host, salt = named_host("ncm811"), reactant(name)
    reactions = list(mixing_profile(host, salt, 0.37, kind=kind, potential=potential))
    reactions += reaction_curve(host, salt, np.array([0.0, 1.0]), kind=kind, potential=potential).reactions
    for reaction in reactions:
        for element, amount in reaction.released().items():
            if potential is None or element != "Li":
                assert abs(amount) < 1e-12, (element, reaction.equation())
        assert all(product.moles > 0.0 for product in reaction.products)


@pytest.mark.parametrize("kind", KINDS)
def test_ends_of_the_mixing_fraction(kind: Kind) -> None:
    problem = pseudo_binary(named_host("ncm811").at(0.5), reactant("litfsi"), kind=kind)
    for y, reaction in ((0.0, problem.at(0.0)), (1.0, problem.at(1.0))):
        if kind == "mutual":
            assert abs(reaction.energy) < 1e-10
        else:
            assert reaction.energy < -0.01
        assert reaction.mixing_fraction == y
    with pytest.raises(InputError, match="mixing fraction"):
        problem.at(1.01)


@pytest.fixture(scope="module", params=[("total", None), ("mutual", None), ("total", 4.0)], ids=str)
def problem(request: pytest.FixtureRequest) -> PseudoBinary:
    kind, potential = request.param
    return pseudo_binary(named_host("ncm811").at(0.45), reactant("eca"), kind=kind, potential=potential)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_convex_in_the_mixing_fraction(problem: PseudoBinary, y1: float, y2: float, weight: float) -> None:
    between = problem.at(weight * y1 + (1.0 - weight) * y2).energy
    assert between <= weight * problem.at(y1).energy + (1.0 - weight) * problem.at(y2).energy + 1e-9


def test_the_profile_is_the_energy_everywhere(problem: PseudoBinary) -> None:
    profile = problem.profile()
    y = np.linspace(0.0, 1.0, 23)
    np.testing.assert_allclose(profile_energy(profile, y), [problem.at(float(v)).energy for v in y], atol=1e-9)
    assert min(reaction.energy for reaction in profile) == pytest.approx(problem.minimum().energy, abs=1e-9)
    slopes = np.diff([r.energy for r in profile]) / np.diff([r.mixing_fraction for r in profile])
    assert (np.diff(slopes) > 0.0).all()


def small_system() -> tuple[Phase, Phase, list[tuple[str, dict[str, float], float]]]:
    """Li2O2 beside C2H4 stands for cathode and electrolyte: few enough phases to enumerate every combination."""
    rows = [
        ("Li2O", {"Li": 2, "O": 1}, -597.9),
        ("LiOH", {"Li": 1, "O": 1, "H": 1}, -487.5),
        ("Li2CO3", {"Li": 2, "C": 1, "O": 3}, -1215.9),
        ("CO2", {"C": 1, "O": 2}, -393.5),
        ("CO", {"C": 1, "O": 1}, -110.5),
        ("H2O", {"H": 2, "O": 1}, -285.8),
        ("CH4", {"C": 1, "H": 4}, -74.6),
        ("LiH", {"Li": 1, "H": 1}, -90.5),
    ]
    first = Phase("Li2O2", "Li2O2", {"Li": 2, "O": 2}, -634.3 * KJ_PER_MOL, 0.0, 298.15, "test")
    second = Phase("C2H4", "C2H4", {"C": 2, "H": 4}, 52.4 * KJ_PER_MOL, 0.0, 298.15, "test")
    return first, second, [(name, {k: float(v) for k, v in c.items()}, h) for name, c, h in rows]


def brute_force(first: Phase, second: Phase, rows: list[tuple[str, dict[str, float], float]], y: Array) -> Array:
    """Lowest energy over every combination of four phases that balances, at each y."""
    elements = ("Li", "O", "C", "H")
    everything = [*((c, h * KJ_PER_MOL) for _, c, h in rows), (first.composition, first.energy)]
    everything += [(second.composition, second.energy), *(({e: 1.0}, 0.0) for e in elements)]
    columns = np.array([[c.get(e, 0.0) / sum(c.values()) for e in elements] for c, _ in everything])
    energies = np.array([energy / sum(c.values()) for c, energy in everything])
    ends = [np.array([p.composition.get(e, 0.0) for e in elements]) / p.atoms for p in (first, second)]
    target = y[:, None] * ends[0] + (1.0 - y[:, None]) * ends[1]
    best = np.full(y.size, np.inf)
    for chosen in itertools.combinations(range(len(everything)), 4):
        matrix = columns[list(chosen)].T
        if abs(np.linalg.det(matrix)) < 1e-9:
            continue
        amounts = np.linalg.solve(matrix, target.T)
        energy = energies[list(chosen)] @ amounts
        best = np.where((amounts >= -1e-12).all(axis=0), np.minimum(best, energy), best)
    return np.asarray(best - y * first.energy_per_atom - (1.0 - y) * second.energy_per_atom)


def test_against_every_combination_of_products() -> None:
    first, second, rows = small_system()
    document = {
        "format": "asyncsoc-phase-table",
        "title": "small",
        "temperature_K": 298.15,
        "phases": [
            {"formula": n, "formation_enthalpy_kJ_per_mol": h, "uncertainty_kJ_per_mol": 1.0, "source": "CRC"}
            for n, _, h in rows
        ],
    }
    table = parse_phase_table(document, origin="small.json")
    y = np.linspace(0.0, 1.0, 201)
    expected = brute_force(first, second, rows, y)
    solved = pseudo_binary(first, second, table=table)
    np.testing.assert_allclose([solved.at(float(v)).energy for v in y[::10]], expected[::10], atol=1e-10)
    np.testing.assert_allclose(profile_energy(solved.profile(), y), expected, atol=1e-9)
    assert solved.minimum().energy <= expected.min() + 1e-12
    assert solved.minimum().energy == pytest.approx(expected.min(), abs=5e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_sensitivities_are_the_derivatives_of_the_energy(kind: Kind) -> None:
    cathode, salt, table = named_host("ncm811").at(0.5), reactant("litfsi"), default_phase_table()
    base = reaction_energy(cathode, salt, table=table, kind=kind)
    step = 1e-4
    for name in ("LiF", "NiSO4", "N2O", cathode.name, salt.name):

        def moved(phase: Phase, name: str = name) -> Phase:
            return replace(phase, energy=phase.energy + step) if phase.name == name else phase

        shifted = replace(table, phases=tuple(moved(phase) for phase in table.phases))
        other = reaction_energy(moved(cathode), moved(salt), table=shifted, kind=kind)
        slope = (other.energy - base.energy) / step
        assert slope == pytest.approx(base.sensitivities.get(name, 0.0), abs=1e-6), name


def test_first_order_uncertainty_is_near_the_sampled_one() -> None:
    host = named_host("ncm811")
    curve = reaction_curve(host, reactant("eca"), np.array([0.5]))
    drawn = sampled_energies(host, reactant("eca"), 0.5, samples=150, seed=1)
    assert np.array_equal(drawn[:5], sampled_energies(host, reactant("eca"), 0.5, samples=5, seed=1))
    assert drawn.std() == pytest.approx(curve.standard_deviation[0], rel=0.3)
    low, high = curve.band(2.0)
    assert np.mean((drawn > low[0]) & (drawn < high[0])) > 0.9
    # 15 kJ/mol of the host alone is worth about 0.035 eV/atom with ECA, 0.02 with LiTFSI.
    assert 0.03 < curve.standard_deviation[0] < 0.04
    assert 0.02 < reaction_curve(host, reactant("litfsi"), np.array([0.5])).standard_deviation[0] < 0.03
    with pytest.raises(InputError, match="samples"):
        sampled_energies(host, reactant("eca"), 0.5, samples=1)


def test_open_to_lithium() -> None:
    """At the cathode's own potential the reservoir is the one it came from; mutual energies no longer know x."""
    host, salt = named_host("ncm811"), reactant("peo")
    x = np.array([0.3, 0.5, 0.7])
    open_mutual = reaction_curve(host, salt, x, kind="mutual", potential=3.9).energy
    np.testing.assert_allclose(open_mutual, open_mutual[0], atol=1e-10)
    # The cathode's grand energy is highest at the x whose potential is the reservoir's: reaction energy is least there.
    volts = float(host.open_circuit_potential(np.array([0.5]))[0])
    near = reaction_curve(host, salt, np.array([0.4, 0.5, 0.6]), potential=volts).energy
    assert near[1] > near[0]
    assert near[1] > near[2]
    for potential in (-0.1, 11.0, float("nan")):
        with pytest.raises(InputError, match="reservoir"):
            reaction_energy(host.at(0.5), salt, potential=potential)


def test_what_is_refused() -> None:
    host, salt = named_host("ncm811"), reactant("peo")
    for bad in (-0.01, 1.01, float("nan")):
        with pytest.raises(InputError, match="stoichiometry"):
            host.at(bad)
        with pytest.raises(InputError, match="stoichiometry"):
            reaction_curve(host, salt, np.array([0.5, bad]))
    with pytest.raises(InputError, match="no stoichiometry"):
        reaction_curve(host, salt, np.array([]))
    with pytest.raises(InputError, match="did you mean: mutual"):
        reaction_energy(host.at(0.5), salt, kind="mutua")  # type: ignore[arg-type]
    strange = Phase("NaCl", "NaCl", {"Na": 1.0, "Cl": 1.0}, -4.0, 0.0, 298.15, "test")
    with pytest.raises(InputError, match="no phase of the table contains Na"):
        reaction_energy(host.at(0.5), strange)
    with pytest.raises(InputError, match="another temperature"):
        reaction_energy(host.at(0.5), replace(salt, temperature=333.15))
