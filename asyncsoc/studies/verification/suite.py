"""The suite of checks that `asyncsoc verify` runs, group by group."""

from __future__ import annotations

from collections.abc import Callable

from asyncsoc.base.errors import SimulationError
from asyncsoc.studies.verification.check import VerificationCheck
from asyncsoc.studies.verification.checks_3d import GROUPS as GROUPS_3D
from asyncsoc.studies.verification.checks_closed import (
    belt_checks,
    cap_checks,
    linear_kinetics_checks,
    radial_checks,
    small_disc_checks,
)
from asyncsoc.studies.verification.checks_electrode import GROUPS as GROUPS_PARTICLES
from asyncsoc.studies.verification.checks_gitt import gitt_checks
from asyncsoc.studies.verification.checks_impedance import impedance_checks
from asyncsoc.studies.verification.checks_invariants import butler_volmer_checks, uniform_flux_checks
from asyncsoc.studies.verification.checks_layers import GROUPS as GROUPS_LAYERS
from asyncsoc.studies.verification.checks_lsv import lsv_checks
from asyncsoc.studies.verification.checks_orders import edge_order_checks, space_order_checks, time_order_checks
from asyncsoc.studies.verification.checks_steps import step_checks
from asyncsoc.studies.verification.checks_stxm import stxm_checks

__all__ = ["GROUPS", "GROUPS_3D", "GROUPS_ELECTRODE", "VerificationCheck", "run_checks"]

Group = Callable[[], list[VerificationCheck]]
Progress = Callable[[int, int, str], None]

GROUPS: tuple[tuple[str, Group], ...] = (
    ("full contact, radial", radial_checks),
    ("cap against its series", cap_checks),
    ("belt against its series", belt_checks),
    ("small disc", small_disc_checks),
    ("linear kinetics on a cap", linear_kinetics_checks),
    ("orders in space", space_order_checks),
    ("orders at the contact's edge", edge_order_checks),
    ("order in time", time_order_checks),
    ("every kind of protocol step", step_checks),
    ("symmetries under uniform flux", uniform_flux_checks),
    ("balance and reversal with Butler-Volmer kinetics", butler_volmer_checks),
    ("impedance", impedance_checks),
    ("titration: apparent diffusivity of pulses", gitt_checks),
    ("microscope: projections along lines of sight", stxm_checks),
    ("linear sweep: inert electrode and particle", lsv_checks),
)


GROUPS_ELECTRODE = (*GROUPS_PARTICLES, *GROUPS_LAYERS)


def run_checks(
    progress: Progress | None = None, *, three_dimensional: bool = False, electrode: bool = False
) -> list[VerificationCheck]:
    """Run every group of checks; a group whose simulation cannot finish is one failed check.

    Parameters
    ----------
    progress
        Called as progress(groups done, groups in all, title of the next one or "").
    three_dimensional
        Check the 3-D meshes too: about a minute.
    electrode
        Check particles at one potential and layers of an electrode too: about 25 s.

    Returns
    -------
    list of Check

    Raises
    ------
    EnvironmentProblem
        The machine lacks something the solver needs.
    """
    checks: list[VerificationCheck] = []
    groups = (*GROUPS, *(GROUPS_3D if three_dimensional else ()), *(GROUPS_ELECTRODE if electrode else ()))
    for done, (title, group) in enumerate(groups):
        if progress is not None:
            progress(done, len(groups), title)
        try:
            checks += group()
        except SimulationError as error:
            checks.append(VerificationCheck(f"{title}: the simulations finish", 0.0, 1.0, 0.0, False, str(error)))
    if progress is not None:
        progress(len(groups), len(groups), "")
    return checks
