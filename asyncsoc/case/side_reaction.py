"""Decomposition of the electrolyte at the contact, as a case describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import create_model, field_validator, model_validator

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case import fields
from asyncsoc.case.fields import declared_fields, refusal
from asyncsoc.case.reactant import NamedOrOwn, OwnPhase, Phases, Reactant
from asyncsoc.case.section import Section
from asyncsoc.interface.side_reaction_constants import CONSTANTS, DEFAULTS, check_one_limit
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.thermochemistry.own import require_plausible, with_phases
from asyncsoc.materials.thermochemistry.phases import PhaseTable
from asyncsoc.materials.thermochemistry.reactants import reactant_names


class _Options(Section):
    mode: Literal["off", "report", "coupled"] = "off"
    reactant: Annotated[str | Reactant, NamedOrOwn()] | None = None
    energy: Literal["total", "mutual"] = "total"
    thermochemistry: Literal["enthalpy", "gibbs"] = "enthalpy"
    thermochemistry_temperature: fields.ThermochemistryTemperature | None = None
    energies: tuple[tuple[float, float], ...] = ()
    driving_force: Literal["potential", "reaction-energy", "both"] = "both"
    phases: Annotated[tuple[OwnPhase, ...], Phases()] | None = None


_WithConstants = create_model("_WithConstants", __base__=_Options, **declared_fields(CONSTANTS, DEFAULTS))


class SideReaction(_WithConstants):  # type: ignore[misc, valid-type]
    """Oxidation of the electrolyte under the contact; every constant is assumed unless `fitted` names it.

    i_ox = i_ox0 exp[a F (phi - U_ox)/RT] exp[-b (E(x) - E_ref)/kT] / (1 + d/d_c),  dd/dt = v i_ox,  R_film = d/kappa

    The constants of the rate and of the film are keys too, as `asyncsoc.interface.side_reaction_constants` declares
    them: exchange_current_density, transfer_coefficient, onset_potential, barrier_coefficient, reference_energy,
    limiting_thickness, film_conductivity, film_volume_per_charge, blocking_thickness, available_charge. With the last
    one a finite amount reacts: the factor 1 - d/(v q) stands in place of 1/(1 + d/d_c).

    Attributes
    ----------
    mode
        "off"; "report": rate and risk are computed from the states of a run that knows nothing of them; "coupled": the
        reaction takes part of the current and grows a film, solved together with the lithium.
    reactant
        What reacts: a name of `asyncsoc react`, or a `Reactant` of your own. None takes the electrolyte's own name.
    energy
        "total" or "mutual" reaction energy.
    thermochemistry
        "enthalpy" or "gibbs": what reaction energies are built from. Some entropies are estimated.
    thermochemistry_temperature
        Of Gibbs energies [K]; None: the protocol's.
    energies
        Points [x, E in eV/atom] of your own, in place of the reactant's; they rise with x where they are total.
    driving_force
        "potential" (Tafel), "reaction-energy" (Bell, Evans and Polanyi) or "both". Both contain U(x).
    phases
        Phases of your own, added to the table of what may form, or in place of the one with their composition and
        state: a list of tables with the keys of a reactant, or a JSON file (phase table or computed entries).
    reference_stoichiometry
        E_ref is the reactant's own E at this x, so that i_ox0 is its rate at U_ox and this x.
    least_open_share
        Share of the contact that must be open; where less is, the contact counts as blocked and the run ends.
    risk_threshold
        Risk above which contact counts as endangered, and as part of a hot spot.
    fitted, fitted_to
        Constants that were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.SideReaction(mode="coupled").mode
    'coupled'
    """

    reference_stoichiometry: fields.OpenFraction | None = None
    least_open_share: fields.OpenFraction = 1e-3
    risk_threshold: fields.Risk = 10.0
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("reactant")
    @classmethod
    def _known(cls, name: str | Reactant | None) -> str | Reactant | None:
        if isinstance(name, str) and name not in reactant_names():
            raise refusal(unknown_name("reactant", name, reactant_names()))
        return name

    @field_validator("energies")
    @classmethod
    def _a_table(cls, points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return tuple(sorted(points))

    @field_validator("fitted")
    @classmethod
    def _constants(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in CONSTANTS:
                raise refusal(unknown_name("constant of the side reaction", name, CONSTANTS))
        return names

    @model_validator(mode="before")
    @classmethod
    def _reference(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        if keys.get("reference_energy") is None:
            given = keys.get("reference_stoichiometry")
            return {**keys, "reference_stoichiometry": 0.63 if given is None else given}
        if keys.get("reference_stoichiometry") is not None:
            raise refusal(
                InputError(
                    "reference_energy and reference_stoichiometry exclude each other",
                    where="side_reaction.reference_energy",
                    value=keys["reference_energy"],
                    next_step="remove one of them",
                )
            )
        return keys

    @model_validator(mode="after")
    def _own_reactant_can_react(self) -> Self:
        """Refuse phases that contradict the table, and a reactant of one's own that lies far from all of them."""
        if self.phases is None and not isinstance(self.reactant, Reactant):
            return self
        try:
            table = self.phase_table()
            if isinstance(self.reactant, Reactant):
                require_plausible(self.reactant.to_phase(), table, where="side_reaction.reactant.formation_enthalpy")
        except InputError as error:
            raise refusal(error) from None
        return self

    def phase_table(self) -> PhaseTable:
        """Return the phases that may form: those that come with asyncsoc, and those given here.

        Raises
        ------
        InputError
            Two phases of one composition and state, or one that could replace several.
        """
        own = () if self.phases is None else tuple(phase.to_phase() for phase in self.phases)
        return with_phases(default_phase_table(), own, where="side_reaction.phases")

    @model_validator(mode="after")
    def _amount_is_counted(self) -> Self:
        """Refuse a finite amount beside a film that slows its own growth, or where no film counts what is consumed."""
        try:
            check_one_limit(self.limiting_thickness, self.available_charge)
        except InputError as error:
            raise refusal(error) from None
        if self.available_charge is not None and self.mode == "report":
            raise refusal(
                InputError(
                    "a finite amount is not consumed by a reaction that is only reported",
                    where="side_reaction.available_charge",
                    value=self.available_charge,
                    next_step="set side_reaction.mode = 'coupled', or remove available_charge",
                )
            )
        return self

    @model_validator(mode="after")
    def _fit_has_its_data(self) -> Self:
        if self.fitted and not self.fitted_to:
            raise refusal(
                InputError(
                    "fitted constants need what they were fitted to",
                    where="side_reaction.fitted",
                    value=", ".join(self.fitted),
                    next_step="name the data in fitted_to",
                )
            )
        return self
