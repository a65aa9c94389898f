"""Random cases over the whole input space, each as a case of the program and as a problem of the reference solver.

Case k of seed s is always the same one: `draw(kind, s, k)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tests.reference.converge import Problem
from tests.reference.grid import Resolution
from tests.reference.kinetics import overpotential
from tests.reference.materials import (
    ASSUMED_END,
    FARADAY,
    GAS,
    EndOfDischarge,
    default_laws,
    oregan_diffusivity,
    series_resistance,
    sturm,
    theoretical_capacity,
)
from tests.reference.particle import Physics, SideReaction
from tests.reference.protocol import ProtocolStep

KINDS = ("radial", "axisymmetric", "3d")
SIDE_MODES = ("report", "coupled")
VARIANTS = tuple(f"{kind}-{mode}" for mode in (*SIDE_MODES, "temperatures") for kind in KINDS)
"""The same cases with a side reaction, or with another temperature in every step."""
LIQUID = {"name": "liquid-lipf6", "thickness": 12e-6, "conductivity": (0.3057, 0.3057)}
POLYMER = {"name": "peo-litfsi", "thickness": 80e-6, "conductivity": (0.005, 0.12)}  # S/m, its range
AREAL = 25.5 * 3600  # C/m2
DROP = 0.25  # V: overpotential and series drop of a rate that is kept
SHORT, LONG = 10.0, 86400.0  # s, rests and pulses


@dataclass(frozen=True)
class Sentence:
    """One protocol step in numbers, from which text and `ProtocolStep` are made."""

    control: str  # charge, discharge, hold, rest
    value: float = 0.0  # C-rate, or V
    duration: float | None = None  # s
    voltage: float | None = None  # V
    rate: float | None = None  # C-rate at which a hold ends
    share: float | None = None  # per cent of capacity
    celsius: float | None = None  # of the step, where it is not the protocol's

    def text(self) -> str:
        """Write the step in the program's grammar."""
        head = {
            "charge": f"Charge at {self.value:g} C",
            "discharge": f"Discharge at {self.value:g} C",
            "hold": f"Hold at {self.value:g} V",
            "rest": "Rest",
        }[self.control]
        limits = []
        if self.voltage is not None:
            limits.append(f"{self.voltage:g} V")
        if self.rate is not None:
            limits.append(f"{self.rate:g} C")
        if self.share is not None:
            limits.append(f"{self.share:g} % of capacity")
        duration = f" for {self.duration:g} s" if self.duration is not None else ""
        temperature = "" if self.celsius is None else f" ({self.celsius:g} degC)"
        return head + duration + (" until " + " or ".join(limits) if limits else "") + temperature

    def step(self, unit: float, physics: Physics | None = None) -> ProtocolStep:
        """Return the step for the reference solver; `unit` is the current [A] of 1 C, `physics` the step's own."""
        duration = np.inf if self.duration is None else self.duration
        charge = None if self.share is None else self.share / 100 * unit * 3600
        if self.control == "rest":
            return ProtocolStep("current", 0.0, duration, physics=physics)
        if self.control == "hold":
            current = None if self.rate is None else self.rate * unit
            return ProtocolStep("voltage", self.value, duration, current=current, charge=charge, physics=physics)
        sign = 1 if self.control == "charge" else -1
        value = sign * self.value * unit
        return ProtocolStep("current", value, duration, voltage=self.voltage, charge=charge, physics=physics)


@dataclass(frozen=True)
class Specimen:
    """All numbers of one case."""

    label: str
    kind: str  # radial, axisymmetric, 3d
    radius: float  # m
    contact: str  # full, cap, belt
    coverage: float
    axis: tuple[float, float, float] | None
    model: str
    celsius: float
    diffusivity: float | None  # m2/s; None is the default law
    i0: float | None  # A/m2; None is the electrolyte's law
    initial: float
    film: float  # ohm m2
    electrolyte: str  # liquid or peo
    conductivity: float  # S/m
    protocol: tuple[Sentence, ...] = field(default=())
    side: SideReaction | None = None
    driving_force: str = "both"

    @property
    def T(self) -> float:
        """Temperature [K]."""
        return self.celsius + 273.15

    @property
    def thickness(self) -> float:
        """Thickness of the separator [m]."""
        return float((LIQUID if self.electrolyte == "liquid" else POLYMER)["thickness"])  # type: ignore[arg-type]

    def keys(self) -> dict[str, Any]:
        """Return the keys of the program's case."""
        particle: dict[str, Any] = {"radius": self.radius}
        contact: dict[str, Any] = {"kind": self.contact}
        if self.contact != "full":
            contact["coverage"] = self.coverage
        if self.kind == "3d":
            particle["model"] = "3d"
            contact["axis"] = list(self.axis or (0.0, 0.0, 1.0))
        kinetics: dict[str, Any] = {"model": self.model, "film_resistance": self.film}
        if self.i0 is not None:
            kinetics["exchange_current_density"] = self.i0
        side = {} if self.side is None else {"side_reaction": _side_keys(self.side, self.driving_force)}
        return {
            "name": self.label,
            "particle": particle,
            "contact": contact,
            "material": {} if self.diffusivity is None else {"diffusivity": self.diffusivity},
            "electrolyte": {
                "name": (LIQUID if self.electrolyte == "liquid" else POLYMER)["name"],
                "conductivity": self.conductivity,
                "separator_thickness": self.thickness,
                "areal_capacity": AREAL,
            },
            "kinetics": kinetics,
            "protocol": {
                "temperature": self.T,
                "initial_stoichiometry": self.initial,
                "steps": [sentence.text() for sentence in self.protocol],
            },
            **side,
        }

    def problem(self, end: EndOfDischarge = ASSUMED_END) -> Problem:
        """Return the problem of the reference solver."""
        unit = theoretical_capacity(self.radius, end) / 3600
        return Problem(
            radius=self.radius,
            kind=self.contact,
            coverage=self.coverage,
            physics=self._physics(self.T, end),
            initial=self.initial,
            protocol=tuple(
                sentence.step(unit, None if sentence.celsius is None else self._physics(sentence.celsius + 273.15, end))
                for sentence in self.protocol
            ),
            unit=unit,
            resolution=self.resolution(unit),
        )

    def _physics(self, T: float, end: EndOfDischarge) -> Physics:
        """Return the physics at one temperature [K]; the separator's conductivity is the case's own."""
        capacity = theoretical_capacity(self.radius, end)
        return Physics(
            default_laws(T, end, self.diffusivity, self.i0, self.electrolyte),
            T,
            self.model,
            film_resistance=self.film,
            series_resistance=series_resistance(capacity, self.thickness, self.conductivity, AREAL),
            side=self.side,
        )

    def resolution(self, unit: float) -> Resolution:
        """Smallest cells from the depth that lithium diffuses while the contact fills or empties."""
        area = self.coverage * 4 * np.pi * self.radius**2
        coldest = min([self.T, *(s.celsius + 273.15 for s in self.protocol if s.celsius is not None)])
        D = self.diffusivity or float(np.median(oregan_diffusivity(np.linspace(0.25, 0.88, 64), coldest)))
        depth = 1.0
        for sentence in self.protocol:
            if sentence.control in ("charge", "discharge"):
                flux = sentence.value * unit / area / (96485.0 * 50060.0)
                time = min(0.6 * 3600 / sentence.value, (0.15 / flux) ** 2 * np.pi * D, sentence.duration or np.inf)
            else:
                time = sentence.duration or np.inf
            depth = min(depth, float(np.sqrt(D * time)) / self.radius)
        thickest = 1e-2 if self.contact == "full" else 6e-4  # the contact's edge needs small cells in both directions
        return Resolution(
            surface=float(np.clip(0.05 * depth, 1e-5, thickest)), edge=float(np.clip(0.02 * depth, 1e-4, 3e-4))
        )


def _log(rng: np.random.Generator, low: float, high: float, digits: int = 3) -> float:
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.{digits}g}")


def _even(rng: np.random.Generator, low: float, high: float, digits: int) -> float:
    return round(float(rng.uniform(low, high)), digits)


def _contact(rng: np.random.Generator, kind: str) -> tuple[str, float]:
    if kind == "radial":
        return "full", 1.0
    contact = "belt" if rng.random() < 0.2 else "cap"
    coverage = _log(rng, 0.01, 0.3) if rng.random() < 0.4 else _even(rng, 0.05, 0.999, 3)
    return contact, coverage


def draw(kind: str, seed: int, number: int) -> Specimen:
    """Return random case `number` of a seed; `kind` is of `KINDS` or `VARIANTS`."""
    bare, _, mode = kind.partition("-")
    plain = _draw(bare, seed, number)
    if mode == "temperatures":
        rng = np.random.default_rng([seed, number, 2000])
        heated = tuple(replace(s, celsius=_even(rng, -20.0, 90.0, 1)) for s in plain.protocol)
        return replace(plain, label=f"{bare}-{mode}-{seed}-{number}", protocol=heated)
    return _with_side_reaction(plain, mode, seed, number) if mode else plain


def _draw(kind: str, seed: int, number: int) -> Specimen:
    rng = np.random.default_rng([seed, number, KINDS.index(kind)])
    contact, coverage = _contact(rng, kind)
    electrolyte = "liquid" if rng.random() < 0.4 else "peo"
    low, high = (LIQUID if electrolyte == "liquid" else POLYMER)["conductivity"]  # type: ignore[misc]
    axis = rng.standard_normal(3)
    bare = Specimen(
        label=f"{kind}-{seed}-{number}",
        kind=kind,
        radius=_log(rng, 0.5, 30.0) * 1e-6,
        contact=contact,
        coverage=coverage,
        axis=tuple(np.round(axis / np.linalg.norm(axis), 3).tolist()) if kind == "3d" else None,
        model=str(rng.choice(["butler-volmer", "linear", "uniform-flux"], p=[0.7, 0.2, 0.1])),
        celsius=_even(rng, -20.0, 90.0, 1),
        diffusivity=None if rng.random() < 0.5 else _log(rng, 1e-17, 1e-12),
        i0=None if rng.random() < 0.4 else _log(rng, 0.01, 30.0),
        initial=_even(rng, 0.3, 0.88, 3),
        film=0.0 if rng.random() < 0.5 else _even(rng, 0.0, 0.05, 4),
        electrolyte=electrolyte,
        conductivity=_log(rng, float(low), float(high)) if low != high else float(low),
    )
    for _ in range(50):
        protocol = _protocol(rng, bare)
        if _begins(protocol[0], bare):
            break
    return replace(bare, protocol=protocol)


ENERGIES = np.linspace(0.19, 0.96, 12)
"""Stoichiometries at which a case gives its reaction energies: on a straight line, which every interpolation meets."""
REFERENCE_ENERGY, REFERENCE_X = -0.45, 0.63


def _side_keys(side: SideReaction, driving_force: str) -> dict[str, Any]:
    energies = REFERENCE_ENERGY + side.energy_slope * (ENERGIES - REFERENCE_X)
    keys: dict[str, Any] = {
        "mode": "coupled" if side.coupled else "report",
        "energies": np.column_stack([ENERGIES, energies]).tolist(),
        "reference_energy": REFERENCE_ENERGY,
        "driving_force": driving_force,
        "exchange_current_density": side.i0,
        "onset_potential": side.onset,
        "film_conductivity": side.conductivity,
        "film_volume_per_charge": side.growth,
    }
    # a constant that the driving force switches off is left at its default
    keys |= {"transfer_coefficient": side.a} if side.a > 0.0 else {}
    keys |= {"barrier_coefficient": side.b} if side.b > 0.0 else {"barrier_coefficient": 1.0}
    keys |= {"limiting_thickness": side.limiting} if np.isfinite(side.limiting) else {}
    keys |= {"blocking_thickness": side.blocking} if np.isfinite(side.blocking) else {}
    return keys


def _with_side_reaction(plain: Specimen, mode: str, seed: int, number: int) -> Specimen:
    """Return the same case with a side reaction that takes from a thousandth to all of its smallest current."""
    rng = np.random.default_rng([seed, number, 1000 + SIDE_MODES.index(mode)])
    force = str(rng.choice(["potential", "reaction-energy", "both"]))
    a = 0.0 if force == "reaction-energy" else _even(rng, 0.2, 0.8, 2)
    b = 0.0 if force == "potential" else _even(rng, 0.5, 6.0, 2)
    slope, onset = _even(rng, 0.1, 0.8, 2), _even(rng, 3.5, 4.3, 2)
    area = plain.coverage * 4 * np.pi * plain.radius**2
    unit = theoretical_capacity(plain.radius) / 3600
    rates = [s.value for s in plain.protocol if s.control in ("charge", "discharge")] or [0.05]
    f = FARADAY / (GAS * plain.T)
    most = f * (a * (4.2 - onset) + b * slope * (REFERENCE_X - 0.3))
    largest = _log(rng, 1e-3, 1.0) * min(rates) * unit / area
    growth = _log(rng, 1e-10, 1e-9)
    side = SideReaction(
        coupled=mode == "coupled",
        i0=float(f"{largest * np.exp(-most):.3g}"),
        a=a,
        onset=onset,
        b=b,
        energy_slope=slope,
        x_ref=REFERENCE_X,
        conductivity=float(f"{growth / _log(rng, 1e-6, 2e-2):.3g}"),
        growth=growth,
        limiting=_log(rng, 1e-9, 1e-7) if rng.random() < 0.4 else float("inf"),
        blocking=_log(rng, 1e-8, 1e-6) if rng.random() < 0.3 else float("inf"),
    )
    # A side current may keep a step from ever reaching its limit, so that every step has a duration too.
    timed = tuple(
        s if s.duration is not None else replace(s, duration=_log(rng, 600.0, LONG)) if s.control == "hold"
        else replace(s, duration=float(f"{1.2 * 3600 / s.value:.4g}"))
        for s in plain.protocol
    )  # fmt: skip
    model = "butler-volmer" if plain.model == "uniform-flux" else plain.model
    return replace(
        plain, label=f"{plain.kind}-{mode}-{seed}-{number}", model=model, protocol=timed, side=side, driving_force=force
    )


def _begins(first: Sentence, specimen: Specimen) -> bool:
    """Whether the first step is not ended by its own limit as it starts."""
    start = float(sturm(np.array([specimen.initial]))[0])
    if first.voltage is None or first.control not in ("charge", "discharge"):
        return True
    return start + DROP < first.voltage if first.control == "charge" else start - DROP > first.voltage


def _rate(rng: np.random.Generator, specimen: Specimen) -> float:
    """Draw a C-rate between C/100 and 5C that leaves the voltage less than `DROP` from equilibrium."""
    rate = _log(rng, 0.01, 5.0)
    unit = theoretical_capacity(specimen.radius) / 3600
    laws = default_laws(specimen.T, diffusivity=specimen.diffusivity, i0=specimen.i0, electrolyte=specimen.electrolyte)
    i0 = laws.i0(np.array([0.5]))
    while rate > 0.01:
        i = np.array([rate * unit / (specimen.coverage * 4 * np.pi * specimen.radius**2)])
        model = "linear" if specimen.model == "linear" else "butler-volmer"
        drop = 0.0 if specimen.model == "uniform-flux" else overpotential(model, i, i0, specimen.T, 0.5)[0][0]
        drop += i[0] * specimen.film + rate * AREAL / 3600 * specimen.thickness / specimen.conductivity
        if drop < DROP:
            break
        rate = max(0.01, float(f"{rate * 0.6:.3g}"))
    return rate


def _protocol(rng: np.random.Generator, specimen: Specimen) -> tuple[Sentence, ...]:
    held = specimen.model != "uniform-flux"
    shapes = ["cccv", "there and back", "discharge", "pulses", "cycles", "holds", "any"]
    shape = str(rng.choice(shapes)) if held else str(rng.choice(["there and back", "discharge", "pulses", "any"]))

    def charge() -> Sentence:
        limit = 4.5 if rng.random() < 0.1 else _even(rng, 4.1, 4.3, 2)  # 4.5 V: the stoichiometry's limit comes first
        return Sentence("charge", _rate(rng, specimen), voltage=limit)

    def discharge() -> Sentence:
        limit = 2.0 if rng.random() < 0.1 else _even(rng, 2.8, 3.3, 2)
        return Sentence("discharge", _rate(rng, specimen), voltage=limit)

    def rest() -> Sentence:
        return Sentence("rest", duration=_log(rng, SHORT, LONG))

    def hold(after: Sentence) -> Sentence:
        """Hold at the voltage at which a step ended."""
        level = min(max(after.voltage or 4.0, 2.8), 4.3)
        cut = float(f"{after.value / rng.uniform(3, 30):.2g}") if rng.random() < 0.7 else None
        time = _log(rng, 60.0, LONG) if cut is None or rng.random() < 0.3 else None
        return Sentence("hold", level, duration=time, rate=cut)

    def pulse() -> list[Sentence]:
        way = str(rng.choice(["charge", "discharge"]))
        limit = 4.3 if way == "charge" else 2.8
        return [Sentence(way, _rate(rng, specimen), duration=_log(rng, SHORT, 3600.0), voltage=limit), rest()]

    def step_of_voltage() -> Sentence:
        x = np.clip(specimen.initial + rng.uniform(-0.15, 0.1), 0.25, 0.88)
        level = round(float(sturm(np.array([x]))[0]), 3)
        return Sentence("hold", level, duration=_log(rng, 60.0, LONG))

    up, down = charge(), discharge()
    if shape == "cccv":
        return (up, hold(up))
    if shape == "there and back":
        middle = [hold(up)] if held and rng.random() < 0.5 else []
        pause = [rest()] if rng.random() < 0.5 else []
        return (up, *middle, *pause, down)
    if shape == "discharge":
        return (down, hold(down)) if held and rng.random() < 0.5 else (down, rest())
    if shape == "pulses":
        return tuple(sentence for _ in range(int(rng.integers(2, 5))) for sentence in pulse())
    if shape == "cycles":
        return (up, hold(up), down, hold(down)) * 2
    if shape == "holds":
        return tuple(step_of_voltage() for _ in range(int(rng.integers(1, 4))))
    out: list[Sentence] = []
    for _ in range(int(rng.integers(2, 6))):
        options: list[list[Sentence]] = [[charge()], [discharge()], [rest()], pulse()]
        if held:
            options += [[step_of_voltage()]]
        out += options[int(rng.integers(len(options)))]
    return tuple(out)
