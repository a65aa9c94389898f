"""The figures of the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.plotting.band import BandPanel, BandSeries, band_figure
from asyncsoc.plotting.curves import LabelledRun, curves_figure, overpotential_figure
from asyncsoc.plotting.overview import comparison_figure
from asyncsoc.plotting.risk import film_figure
from asyncsoc.plotting.section import SectionPanel, section_figure
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.demo.headlines import CELL_VOLTAGE, CurvePoint, point_where, shared_stoichiometry
from asyncsoc.studies.demo.scan import HeadlineNumber, ParticleRuns
from asyncsoc.studies.risk.films import film_line
from asyncsoc.studies.risk.pictures import risk_picture
from asyncsoc.studies.risk.study import study_risk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETTING = "NCM811 sphere, R = 7.5 µm, one round contact, 60 °C, C/10 to 4.2 V. "
_RESTS_ON = (
    _SETTING + "U: Sturm 2019; D(x, T): O'Regan 2022, uncertain by decades.\n"
    "Assumed: contact fractions f (from micrographs), exchange current density on the polymer (0.3 A/m²)."
)
_BAND_RESTS_ON = (
    _SETTING + "Lines: constant D, the dominant uncertainty; diamonds: D(x, T) of O'Regan 2022.\n"
    "Assumed: contact fractions f (from micrographs), exchange current density on the polymer (0.3 A/m²)."
)


def _runs(findings: Sequence[ParticleRuns]) -> list[LabelledRun]:
    return [LabelledRun(found.particle.title, found.solution.columns) for found in findings]


def _section(found: ParticleRuns, moment: CurvePoint, *, title: str, head: str = "") -> SectionPanel:
    solution = found.solution
    share, _ = solution.mapped(moment.time)
    ratio = VALENCE.ratio_label.removesuffix(" [1]")
    note = (
        f"{ratio}: contact {moment.ratio_contact:.2f}, far side {moment.ratio_far:.2f}\n"
        f"mean SOC {moment.mean_soc:.2f}, cell {moment.voltage:.2f} V"
    )
    return SectionPanel(title, solution.mesh, solution.contact, share, note, head)


def overview(findings: Sequence[ParticleRuns]) -> Figure:
    """Return the SOC under the contact beside both particles' sections at equal mean SOC."""
    soc = findings[0].default.at_equal_soc.mean_soc
    panels = [_section(found, found.default.at_equal_soc, title=found.particle.title) for found in findings]
    title = f"State of charge under a partial contact (maps at a mean SOC of {soc:.2f})"
    return comparison_figure(_runs(findings), panels, VALENCE.share_label, title=title, note=_RESTS_ON)


def curves(findings: Sequence[ParticleRuns]) -> Figure:
    """Return voltage and states of charge of both particles."""
    return curves_figure(_runs(findings), title="First charge at C/10", note=_RESTS_ON)


def nickel_maps(findings: Sequence[ParticleRuns]) -> Figure:
    """Return sections at the first particle's largest lead, at equal mean SOC and at equal cell voltage."""
    early = findings[0].default.soc_at_largest_lead
    late = findings[0].default.at_equal_soc.mean_soc
    columns: tuple[tuple[str, Callable[[ParticleRuns], CurvePoint]], ...] = (
        (
            f"Equal mean SOC {early:.2f}\n(largest asynchrony of {findings[0].particle.label})",
            lambda found: point_where(found.solution, names.MEAN_SOC, early),
        ),
        (
            f"Equal mean SOC {late:.2f}\n(mean x = {shared_stoichiometry():.3f})",
            lambda found: found.default.at_equal_soc,
        ),
        (f"Equal cell voltage {CELL_VOLTAGE:.1f} V\n", lambda found: found.default.at_equal_voltage),
    )
    panels = [
        _section(found, pick(found), title=title if row == 0 else "", head=found.particle.title if k == 0 else "")
        for row, found in enumerate(findings)
        for k, (title, pick) in enumerate(columns)
    ]
    return section_figure(
        panels,
        VALENCE.share_label,
        title="Ni$^{4+}$ in sections of the particles",
        columns=len(columns),
        note=_RESTS_ON,
    )


def _series(
    findings: Sequence[ParticleRuns], number: HeadlineNumber, far: HeadlineNumber | None = None
) -> list[BandSeries]:
    return [
        BandSeries(
            found.particle.title,
            found.diffusivity,
            found.over_diffusivity(number),
            None if far is None else found.over_diffusivity(far),
            number(found.default),
            None if far is None else far(found.default),
        )
        for found in findings
    ]


def band(findings: Sequence[ParticleRuns]) -> Figure:
    """Return the headline numbers over the diffusivity."""
    soc = findings[0].default.at_equal_soc.mean_soc
    panels = (
        BandPanel(
            "Largest asynchrony in SOC [1]",
            "Largest asynchrony",
            _series(findings, lambda h: h.largest_lead),
            decimals=3,
        ),
        BandPanel(
            "Capacity charged to 4.2 V [mA h/g]",
            "Capacity of the charge",
            _series(findings, lambda h: h.capacity),
            decimals=0,
        ),
        BandPanel(
            VALENCE.ratio_label,
            f"Nickel at a mean SOC of {soc:.2f}",
            _series(findings, lambda h: h.at_equal_soc.ratio_contact, lambda h: h.at_equal_soc.ratio_far),
            "ends at 4.2 V",
        ),
        BandPanel(
            VALENCE.ratio_label,
            f"Nickel at a cell voltage of {CELL_VOLTAGE:.1f} V",
            _series(findings, lambda h: h.at_equal_voltage.ratio_contact, lambda h: h.at_equal_voltage.ratio_far),
        ),
    )
    return band_figure(panels, title="Results over the uncertain diffusivity", columns=2, note=_BAND_RESTS_ON)


def overpotential(findings: Sequence[ParticleRuns]) -> Figure:
    """Return the overpotential split of the first particle."""
    return overpotential_figure(_runs(findings)[0], note=_RESTS_ON)


_SIDE_RESTS_ON = (
    _SETTING + "Side reaction: every constant is assumed (asyncsoc params side-reaction); read ratios, not amounts.\n"
    "Assumed: contact fractions f (from micrographs), exchange current density on the polymer (0.3 A/m²)."
)


def risk(findings: Sequence[ParticleRuns]) -> Figure:
    """Return how much faster the electrolyte decomposes under each contact than under full coverage."""
    studies = [study_risk(found.particle.case(), label=found.particle.title) for found in findings]
    return risk_picture(studies, mean_x=round(shared_stoichiometry(), 3), reactant="peo-litfsi", note=_SIDE_RESTS_ON)


def film(findings: Sequence[ParticleRuns]) -> Figure:
    """Return the film each particle grows on its contact and what its resistance does to the voltage."""
    lines = [film_line(found.particle.case(), found.particle.title)[0] for found in findings]
    return film_figure(lines, title="Film on the contact after a charge", note=_SIDE_RESTS_ON)


PICTURES: dict[str, Callable[[Sequence[ParticleRuns]], Figure]] = {
    "overview": overview,
    "curves": curves,
    "nickel-maps": nickel_maps,
    "diffusivity-band": band,
    "overpotential": overpotential,
    "risk": risk,
    "film": film,
}
"""File name without suffix -> what draws it."""


def keep(figure: Figure, path: Path) -> Path:
    """Write `figure` to the PNG file `path` in one step.

    Raises
    ------
    InputError
        The directory cannot be written to.
    """
    try:
        with replaced(path) as stream:
            # Without the version of matplotlib the same picture is the same file.
            figure.savefig(stream, format="png", metadata={"Software": "asyncsoc"})
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def unwritable(path: Path, error: OSError) -> InputError:
    """Return the error for a file that cannot be written."""
    return InputError(
        f"the demo cannot be saved: {error.strerror or error}",
        where=str(path),
        next_step="name a directory that can be written to: asyncsoc demo -o DIR",
    )


def draw_all(findings: Sequence[ParticleRuns], directory: Path, log: Callable[[str], None]) -> tuple[Path, ...]:
    """Draw every picture into `directory` and return the paths; `log` is called with each one's name before."""
    paths = []
    for name, draw in PICTURES.items():
        log(f"drawing {name}")
        paths.append(keep(draw(findings), directory / f"{name}.png"))
    return tuple(paths)
