"""The question a run answers and its answer, a sentence or two each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.particles import coverage_of, radius_of
from asyncsoc.simulation.results.solution import Solution

_CONTACTS = {
    "cap": "in one round patch",
    "belt": "in a belt",
    "patches": "in separate patches",
    "random": "in random patches",
    "labels": "as its mesh is labelled",
    "full": "all over",
}
_MOST_NAMED = 4
_NOTABLE = 0.1
"""Share of the largest asynchrony from which one of the other sign is named too."""


def question_of(run: Solution) -> str:
    """Return what a run was asked."""
    coverage = coverage_of(run)["realised"]
    steps = _steps(run.case)
    if run.particle_runs:
        layers = run.reports.get("layers")
        kind = "an electrode" if "electrode" in run.reports else "a group"
        depth = f" in {layers['number']} layers" if layers else ""
        return (
            f"How unequally are the {len(run.particle_runs)} particles of {kind}{depth}, whose surface the electrolyte "
            f"covers to {_percent(coverage)} on average, charged{steps}?"
        )
    how = _CONTACTS.get(run.contact.kind, "as the case says")
    return (
        f"How far does the state of charge under the contact run ahead of the particle's mean, where the electrolyte "
        f"covers {_percent(coverage)} of a particle of {1e6 * radius_of(run):.3g} \u00b5m radius {how}{steps}?"
    )


def _percent(share: float | None) -> str:
    return "an unknown part" if share is None else f"{100.0 * share:.3g} %"


def _steps(case: Mapping[str, Any]) -> str:
    protocol = case.get("protocol")
    if not isinstance(protocol, Mapping):
        return ""
    warm = protocol.get("temperature")
    at = f" at {warm - ZERO_CELSIUS:.3g} \u00b0C" if isinstance(warm, int | float) else ""
    steps = [str(step) for step in protocol.get("steps") or [] if isinstance(step, str)]
    if not steps:
        return at
    listed = "; ".join(steps[:_MOST_NAMED]) + (
        f"; and {len(steps) - _MOST_NAMED} more" if len(steps) > _MOST_NAMED else ""
    )
    return f"{at} ({listed})"


def answer_of(run: Solution) -> str:
    """Return what came out: the largest lead or lag of the contact, the spread of a group, and what the film did."""
    found = run.summary()
    end = f"The run ended after {found['Duration [h]']:.3g} h: {run.stop_reason}."
    if run.status != "done":
        end = f"The run did not finish; it stopped after {found['Duration [h]']:.3g} h: {run.stop_reason}."
    if run.particle_runs:
        low, high = found["Lowest final mean SOC of a particle"], found["Highest final mean SOC of a particle"]
        return f"At the end the particles' states of charge lie between {low:.3f} and {high:.3f}. {end}"
    if "Largest asynchrony" not in found:
        return f"Of this run not every cycle was kept, so no largest asynchrony is known. {end}"
    ahead = found["Largest asynchrony"]
    contact, mean = found["Contact-mean SOC at largest asynchrony"], found["Mean SOC at largest asynchrony"]
    word, other = ("ahead of", "behind") if ahead >= 0.0 else ("behind", "ahead of")
    second = found["Largest lag of the contact" if ahead >= 0.0 else "Largest lead of the contact"]
    both = f", at other times up to {second:.3f} {other} it" if second > _NOTABLE * abs(ahead) else ""
    first = (
        f"It runs up to {abs(ahead):.3f} {word} it{both}: after {found['Time of largest asynchrony [h]']:.3g} h the "
        f"state of charge is {contact:.3f} under the contact and {mean:.3f} on average."
    )
    film = found.get("Film thickness max [m]")
    grown = f" The decomposition film reaches {1e9 * film:.3g} nm." if film else ""
    return f"{first}{grown} {end}"


def question_of_several(runs: Sequence[tuple[str, RunData]]) -> str:
    """Return what a comparison of runs asks."""
    return f"How do {len(runs)} runs differ: {_listed([name for name, _ in runs])}?"


def answer_of_several(runs: Sequence[tuple[str, Solution]]) -> str:
    """Return which of several runs has the largest and the smallest asynchrony."""
    found = [(name, one.summary()) for name, one in runs]
    known = [(name, one["Largest asynchrony"]) for name, one in found if "Largest asynchrony" in one]
    if len(known) < 2:
        return "Their curves, final states and parameters are below; not all of them have a largest asynchrony."
    known.sort(key=lambda pair: abs(pair[1]))
    (least, low), (most, high) = known[0], known[-1]
    return (
        f"The asynchrony is largest in {most} ({high:+.3f}) and smallest in {least} ({low:+.3f}). {_differences(runs)}"
    )


def _differences(runs: Sequence[tuple[str, RunData]]) -> str:
    """Return which keys of the cases differ."""
    flat = [_flat(run.case) for _, run in runs]
    keys = sorted({key for one in flat for key in one if key != "name"})
    differing = [key for key in keys if len({repr(one.get(key)) for one in flat}) > 1]
    if not differing:
        return "Their cases are the same."
    return f"Their cases differ in {_listed(differing)}."


def _flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif value is not None:
            found[f"{prefix}{key}"] = value
    return found


def _listed(names: Sequence[str]) -> str:
    named = ", ".join(names[:_MOST_NAMED])
    return named + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
