"""Protocol steps, their ends, and the run: adaptive Radau steps, ends located by taking the last step again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from tests.reference.grid import Grid
from tests.reference.materials import X_MAX, X_MIN, Array
from tests.reference.particle import Control, Particle, Physics
from tests.reference.radau import C, Radau, Step
from tests.reference.side import SideParticle

MOST_STEPS = 3000  # of one protocol step; a step that takes more has failed
RESOLVED = 1e-13  # relative width to which the end of a step is located


@dataclass(frozen=True)
class ProtocolStep:
    """One step: control is ("current", I [A] > 0 on charge), ("rest", 0) or ("voltage", V)."""

    control: str
    value: float = 0.0
    duration: float = np.inf  # s
    voltage: float | None = None  # V: upper limit on charge, lower on discharge
    current: float | None = None  # A: a hold ends where |I| falls to it
    charge: float | None = None  # C passed in this step, either sign
    physics: Physics | None = None  # where the step has a temperature of its own


@dataclass
class Trace:
    """Rows over time within one protocol step, stages of the method included."""

    t: list[float] = field(default_factory=list)
    rows: list[Array] = field(default_factory=list)  # as in OUTPUTS

    def columns(self) -> tuple[Array, Array]:
        """Return times [s] and rows as arrays."""
        return np.array(self.t), np.array(self.rows)


OUTPUTS = ("V", "I", "mean", "contact", "min", "max", "side", "film")
"""Voltage, current, mean x, contact-mean x, smallest, largest x, side charge [C], mean thickness of the film [m]."""
LEAST_OPEN = 1e-3  # share of the contact that must be open


@dataclass(frozen=True)
class StepResult:
    """What a step came to."""

    duration: float  # s
    charge: float  # C, positive on charge
    reason: str  # time, voltage, current, charge, window, blocked, infeasible, failed
    t: Array  # s since the step began, four rows per accepted step: its start and three stages
    rows: Array  # columns as in OUTPUTS
    balance: float  # lithium balance error over the lithium at x = 1, against the integral of the current
    steps: int
    rejected: int

    def at(self, times: Array, name: str = "V") -> Array:
        """Interpolate by the collocation polynomial of each accepted step (cubic); `name` as in OUTPUTS."""
        column = self.rows[:, OUTPUTS.index(name)]
        if len(self.t) < 4:
            return np.full(np.shape(times), column[0])
        starts, values = self.t.reshape(-1, 4), column.reshape(-1, 4)
        k = np.clip(np.searchsorted(starts[:, 0], times, side="right") - 1, 0, len(starts) - 1)
        nodes, known = starts[k], values[k]
        out = np.zeros(len(k))
        for a in range(4):
            others = [b for b in range(4) if b != a]
            out += known[:, a] * np.prod([(times - nodes[:, b]) / (nodes[:, a] - nodes[:, b]) for b in others], axis=0)
        return out

    def end(self, name: str = "V") -> float:
        """Value at the end of the step."""
        return float(self.rows[-1, OUTPUTS.index(name)])


@dataclass(frozen=True)
class Run:
    """Results of all steps that were begun."""

    steps: tuple[StepResult, ...]
    wall: float  # s
    unknowns: int


class _Runner:
    def __init__(self, particle: Particle, tolerance: float, window: tuple[float, float], unit: float) -> None:
        self.particle, self.tolerance, self.window, self.unit = particle, tolerance, window, unit
        self.radau = Radau(particle, tolerance, 1e-3 * unit)

    def row(self, y: Array) -> Array:
        p = self.particle
        x = y[: p.size]
        values = (
            p.voltage(y),
            p.current(y),
            p.mean(y),
            p.contact_mean(y),
            x.min(),
            x.max(),
            p.side_charge(y),
            p.film(y),
        )
        return np.array([float(value) for value in values])

    def events(self, y: Array, step: ProtocolStep, start: float) -> dict[str, float]:
        """Return the functions that become positive where the step ends."""
        p = self.particle
        xs = y[p.n : p.size]
        sign = np.sign(step.value) if step.control == "current" else 0.0
        out: dict[str, float] = {}
        if step.voltage is not None:
            out["voltage"] = sign * (float(p.voltage(y)) - step.voltage)
        if step.current is not None:
            out["current"] = (step.current - abs(float(p.current(y)))) / self.unit
        if step.charge is not None:
            out["charge"] = (abs(p.passed(y) - start) - step.charge) / step.charge
        if sign > 0 or step.control == "voltage":
            out["window low"] = self.window[0] - xs.min()
        if sign < 0 or step.control == "voltage":
            out["window high"] = xs.max() - self.window[1]
        if p.film(y) > 0.0:
            out["blocked"] = LEAST_OPEN - p.open_share(y)
        return out

    def run(self, y: Array, step: ProtocolStep) -> tuple[StepResult, Array]:
        """Carry one step out from `y`; return its result and the state at its end."""
        p = self.particle
        p.control = Control("voltage" if step.control == "voltage" else "current", step.value)
        y = p.consistent(y)
        start = p.passed(y)
        trace = Trace()
        trace.t.append(0.0)
        trace.rows.append(self.row(y))
        known = self.events(y, step, start)
        done = [name for name, value in known.items() if value > 1e-12]
        if done:
            reason = "window" if all(name.startswith("window") for name in done) else "infeasible"
            return self._result(trace, 0.0, 0.0, reason, 0.0, 0, 0), y
        trace = Trace()
        t, h, previous, rejected, taken, retried = 0.0, self._first(y), None, 0, 0, True
        passed, reason = 0.0, "failed"
        while True:
            rest = step.duration - t
            if rest <= RESOLVED * max(t, 1e-300) or rest <= 0.0:
                reason = "time"
                break
            final = h >= rest * (1 - 1e-10)
            size = rest if final else h
            if size < 1e-15 * max(t, 1e-9) or taken + rejected > MOST_STEPS:
                break
            near = previous if previous is not None and size < 10 * previous[2] else None
            trial = self._try(y, size, near, retried)
            if trial is None:
                h, rejected, retried, previous = 0.25 * size, rejected + 1, True, None
                continue
            factor = float(np.clip(0.9 * max(trial.error, 1e-12) ** -0.25, 0.2, 6.0))
            if trial.error > 1.0:
                h, rejected, retried = size * factor, rejected + 1, True
                continue
            after = self.events(trial.stages[:, 2], step, start)
            crossed = [name for name, value in after.items() if value > 0.0 and known[name] <= 1e-12]
            between = self._between(y, trial)
            if between > 1.0:
                h, rejected = size * float(np.clip(0.8 * between**-0.25, 0.2, 0.8)), rejected + 1
                continue
            factor = min(factor, float(np.clip(0.8 * max(between, 1e-12) ** -0.25, 0.2, 6.0)))
            end = None
            inside = [self.events(trial.stages[:, k], step, start) for k in (0, 1)] if not crossed else []
            if any(value > 1e-9 and known[name] <= 1e-12 for one in inside for name, value in one.items()):
                h, rejected = 0.3 * size, rejected + 1  # crossed and came back within the step
                continue
            if crossed:
                located = [(self._locate(y, trial, name, known[name], step, start), name) for name in crossed]
                if any(one is None for one, _ in located):
                    h, rejected, retried = 0.3 * size, rejected + 1, True
                    continue
                (trial, end) = min(located, key=lambda pair: pair[0].h)
                size = trial.h
                after = self.events(trial.stages[:, 2], step, start)
            self._record(trace, t, y, trial)
            currents = trace_currents(trace)
            passed += size * float(COLLOCATION @ currents)
            previous, y = (y, trial.stages.copy(), size, size), trial.stages[:, 2].copy()
            t, known, taken, retried = t + size, after, taken + 1, False
            if end is not None:
                reason = end.split()[0]
                break
            if final:
                reason = "time"
                t = step.duration
                break
            h = size * factor
        charge = p.passed(y) - start
        balance = (charge - passed) / p.capacity()
        return self._result(trace, t, charge, reason, balance, taken, rejected), y

    def _first(self, y: Array) -> float:
        _, D = self.particle.psi(y[: self.particle.size])
        return 1e-3 * self.particle.grid.half_cell**2 / float(D.max())

    def _try(self, y: Array, h: float, known: tuple[Array, Array, float, float] | None, retried: bool) -> Step | None:
        """Take a step; Newton's method starts from the polynomial of `known` (start, stages, size, time since)."""
        guess = None
        if known is not None:
            start, stages, size, since = known
            nodes = np.concatenate([[0.0], C]) * size
            guess = _polynomial(nodes, np.column_stack([start, stages]), since + C * h)
            x = guess[: self.particle.size]
            if not (x.min() > 0.01 and x.max() < 0.99 and np.abs(x - y[: self.particle.size, None]).max() < 0.2):
                guess = None
        trial = self.radau.step(y, h, guess, retried)
        if trial is None and guess is not None:
            trial = self.radau.step(y, h, None, retried)
        return trial

    def _locate(self, y: Array, trial: Step, name: str, before: float, step: ProtocolStep, start: float) -> Step | None:
        """Shorten the step until its end is the event, by the Illinois variant of false position on true steps."""
        low, high, g_low, best = 0.0, trial.h, min(before, -1e-300), trial
        g_high = self.events(trial.stages[:, 2], step, start)[name]
        for _ in range(100):
            if g_high <= 1e-12 or high - low <= RESOLVED * high:
                return best
            h = high - g_high * (high - low) / (g_high - g_low)
            h = min(max(h, low + 1e-3 * (high - low)), high - 1e-3 * (high - low))
            new = self._try(y, h, (y, best.stages, best.h, 0.0), False)
            if new is None:
                return None
            g = self.events(new.stages[:, 2], step, start)[name]
            if g > 0.0:
                high, g_high, best, g_low = h, g, new, 0.5 * g_low
            elif g > -1e-12:
                return new
            else:
                low, g_low, g_high = h, g, 0.5 * g_high
        return None

    def _between(self, y: Array, trial: Step) -> float:
        """Error of reading rows between the stages off a cubic, over what is tolerated: it is controlled too.

        The cells' stoichiometry is smooth in time; voltage and current are not, where the potential is steep. They are
        solved for at two times between the stages and compared with the cubic through the stages.
        """
        nodes = np.concatenate([[0.0], C])
        states = np.column_stack([y, trial.stages])
        rows = np.array([self.row(states[:, k])[:4] for k in range(4)]).T
        checked, worst = np.array([0.4, 0.86]), 0.0
        cubic = _polynomial(nodes, rows, checked)
        inside = _polynomial(nodes, states, checked)
        for k in range(2):
            true = self.row(self.particle.consistent(inside[:, k]))[:4]
            tolerated = np.array([2e-5, 2e-4 * (abs(true[1]) + 1e-3 * self.unit), 2e-6, 2e-6])
            worst = max(worst, float((np.abs(true - cubic[:, k]) / tolerated).max()))
        return worst

    def _record(self, trace: Trace, t: float, y: Array, trial: Step) -> None:
        trace.t.extend([t, t + C[0] * trial.h, t + C[1] * trial.h, t + trial.h])
        trace.rows.append(self.row(y))
        trace.rows.extend(self.row(trial.stages[:, k]) for k in range(3))

    def _result(
        self, trace: Trace, t: float, charge: float, reason: str, balance: float, taken: int, rejected: int
    ) -> StepResult:
        times, rows = trace.columns()
        return StepResult(t, charge, reason, times, rows, balance, taken, rejected)


COLLOCATION = np.array([(16 - np.sqrt(6)) / 36, (16 + np.sqrt(6)) / 36, 1 / 9])  # the method's own weights


def trace_currents(trace: Trace) -> Array:
    """Currents [A] at the three stages of the last accepted step."""
    return np.array([row[1] for row in trace.rows[-3:]])


def _polynomial(nodes: Array, values: Array, times: Array) -> Array:
    """Evaluate the polynomial through four states at three other times."""
    out = np.zeros((values.shape[0], len(times)))
    for a in range(4):
        others = [b for b in range(4) if b != a]
        weight = np.prod([(times - nodes[b]) / (nodes[a] - nodes[b]) for b in others], axis=0)
        out += np.outer(values[:, a], weight)
    return out


def simulate(
    grid: Grid,
    physics: Physics,
    initial: float,
    protocol: list[ProtocolStep],
    unit: float,
    tolerance: float = 1e-7,
    window: tuple[float, float] = (X_MIN, X_MAX),
) -> Run:
    """Run a protocol from a uniform stoichiometry; `unit` is the current [A] of 1 C, for scales only."""
    began = time.perf_counter()
    particle = _particle(grid, physics, unit)
    y = np.zeros(particle.mass.size + 1)
    y[: particle.size] = initial
    y[-1] = float(physics.laws.U(np.array([initial]))[0])
    results = []
    for step in protocol:
        particle = _particle(grid, physics if step.physics is None else step.physics, unit)
        result, y = _Runner(particle, tolerance, window, unit).run(y, step)
        results.append(result)
        if result.reason in ("infeasible", "failed"):
            break
    return Run(tuple(results), time.perf_counter() - began, y.size)


def _particle(grid: Grid, physics: Physics, unit: float) -> Particle:
    particle = Particle(grid, physics) if physics.side is None else SideParticle(grid, physics)
    particle.current_scale = unit
    return particle
