"""What is refused before anything is fitted: constants that change nothing, are told twice, or share no data."""

from __future__ import annotations

from collections.abc import Sequence

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case.case import Case
from asyncsoc.interface.rate_laws import has_no_effect, rate_law_names
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.measurement import Measurement

_ONE_PRODUCT = (
    ("material.diffusivity", "material.diffusivity_factor"),
    ("kinetics.exchange_current_density", "kinetics.exchange_current_density_factor"),
)
"""Pairs of which only the product counts."""


def refuse_what_cannot_be_fitted(measurements: Sequence[Measurement], constants: Sequence[FitConstant]) -> None:
    """Refuse a fit that cannot answer what it is asked.

    Raises
    ------
    InputError
        Nothing to fit or to compare with, a constant named twice, fewer points than constants, a measurement that is
        not there or shares no constant with the others, a constant without effect, a range the case does not allow.
    """
    _check_names(measurements, constants)
    _check_counts(measurements, constants)
    for one in measurements:
        if one.curve.quantity == "resistance" and one.case.kinetics.imposes_flux:
            raise InputError(
                "uniform flux has no resistance to compare with", where="kinetics.model", value=one.case.kinetics.model,
                allowed=", ".join(rate_law_names()),
            )  # fmt: skip
    for constant in constants:
        cases = [one.case for one in measurements if constant.belongs_to(one.name)]
        for case in cases:
            _check_effect(constant, case)
            _check_range(constant, case)
    _check_products(constants)
    _check_shared(measurements, constants)


def _check_names(measurements: Sequence[Measurement], constants: Sequence[FitConstant]) -> None:
    if not measurements:
        raise InputError("there are no data to fit to", where="data")
    labels = [constant.label for constant in constants]
    if not labels or len(set(labels)) != len(labels):
        raise InputError("name each constant to fit, once", where="--fit", value=", ".join(labels))
    names = [one.name for one in measurements]
    for constant in constants:
        for name in constant.data:
            if name not in names:
                raise unknown_name("measurement", name, names, where=f"--fit {constant.label}")
            if names.count(name) > 1:
                raise InputError(
                    "several measurements have this name", where=f"--fit {constant.label}", value=name,
                    next_step="give each a name of its own",
                )  # fmt: skip
    for one in measurements:
        held = [constant.key for constant in constants if constant.belongs_to(one.name)]
        for key in set(held):
            if held.count(key) > 1:
                raise InputError("name each constant to fit, once", where=f"--fit {key}", value=f"twice for {one.name}")


def _check_counts(measurements: Sequence[Measurement], constants: Sequence[FitConstant]) -> None:
    points = sum(one.count for one in measurements)
    priors = sum(constant.prior is not None for constant in constants)
    if points <= len(constants) - priors:
        raise InputError(
            "fewer points than constants", where="data", value=points, allowed=f"more than {len(constants) - priors}"
        )


def _check_effect(constant: FitConstant, case: Case) -> None:
    """Refuse a constant that changes nothing in a case."""
    where = f"--fit {constant.label}"
    if constant.section == "side_reaction" and case.side_reaction.mode != "coupled":
        raise InputError(
            "a constant of the side reaction changes nothing that is measured unless it is coupled",
            where=where,
            value=f"side_reaction.mode = {case.side_reaction.mode!r}",
            next_step="--set side_reaction.mode=coupled",
        )
    if constant.section == "kinetics":
        if case.kinetics.imposes_flux:
            raise InputError("uniform flux has no kinetic constants", where=where, value=case.kinetics.model)
        unread = has_no_effect(constant.name, case.kinetics.model)
        if unread is not None:
            raise InputError(unread, where=where, next_step="--set kinetics.model=... or fit another constant")
    own = constant.value_in(case)
    if own is None and constant.section == "electrode":
        raise InputError(
            "the case does not give this key of its electrode, so that no search can start from it",
            where=where,
            value=constant.key,
            next_step="give the law that has it, such as electrode.coverage = { law = 'beta', mean = 0.3, std = 0.1 }",
        )
    if own is not None and not isinstance(own, float):
        factor = dict(_ONE_PRODUCT).get(constant.key)
        raise InputError(
            "what the case gives is a table or a law, no number",
            where=where,
            value=constant.key,
            next_step=f"fit {factor}, which multiplies it" if factor else "give a number to start from",
        )
    if constant.key == "contact.coverage" and case.contact.coverage is None:
        raise InputError(
            f"a contact of kind '{case.contact.kind}' has no coverage to fit",
            where=where,
            value=f"contact.kind = {case.contact.kind!r}",
            next_step="--set contact.kind=cap with a coverage to start from, or belt, patches, random",
        )
    if constant.key == "particle.radius" and case.particle.radius is None:
        raise InputError(
            "only a sphere has a radius to fit", where=where, value=f"particle.shape = {case.particle.shape!r}"
        )
    if constant.key == "protocol.initial_stoichiometry" and case.protocol.initial_voltage is not None:
        raise InputError(
            "the case starts at a voltage, which gives the stoichiometry",
            where=where,
            value=f"protocol.initial_voltage = {case.protocol.initial_voltage:g} V",
            next_step="give protocol.initial_stoichiometry to start the search from",
        )
    if constant.key == "electrolyte.conductivity" and case.electrolyte.separator_thickness == 0.0:
        raise InputError(
            "a separator without thickness has no resistance to fit", where=where, value="separator_thickness = 0"
        )


def _check_range(constant: FitConstant, case: Case) -> None:
    """Refuse a range whose ends the case does not allow."""
    for end in (constant.low, constant.high):
        try:
            case.with_overrides([f"{constant.key}={end!r}"])
        except InputError as error:
            raise InputError(
                f"the range searched leaves what the case allows: {error.what}",
                where=f"--fit {constant.label}",
                value=end,
                allowed=error.allowed,
                next_step="narrow it: --fit KEY=LOW:HIGH",
            ) from None


def _check_products(constants: Sequence[FitConstant]) -> None:
    keys = {constant.key for constant in constants}
    for pair in _ONE_PRODUCT:
        if keys.issuperset(pair):
            raise InputError(
                f"only the product of {pair[0]} and {pair[1].partition('.')[2]} counts: no data tell them apart",
                where=f"--fit {pair[1]}",
                next_step="fit one of them",
            )


def _check_shared(measurements: Sequence[Measurement], constants: Sequence[FitConstant]) -> None:
    """Refuse measurements that no shared constant ties to the others: they would be fits of their own."""
    tied = {measurements[0].name}
    while True:
        more = {
            one.name
            for one in measurements
            if any(c.belongs_to(one.name) and any(c.belongs_to(name) for name in tied) for c in constants)
        }
        if more <= tied:
            break
        tied |= more
    apart = [one.name for one in measurements if one.name not in tied]
    if apart:
        raise InputError(
            "the measurements share no constant: these would be separate fits",
            where="--fit",
            value=", ".join(apart),
            next_step="fit a constant that all measurements have, or fit them one by one",
        )
