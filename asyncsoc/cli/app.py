"""The commands and their options; each imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import asyncsoc
from asyncsoc.cli.commands.react import react
from asyncsoc.cli.commands.sweep import sweep_app
from asyncsoc.cli.commands.tomo import tomo_app

app = typer.Typer(
    name="asyncsoc",
    help="Lithium in single NCM811 particles that touch their electrolyte over part of their surface.",
    epilog="Exit codes: 0 done, 2 wrong input, 3 simulation not finished (what was reached is saved), 4 environment.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CasePath = Annotated[Path, typer.Argument(metavar="CASE.toml", help="Case file; examples/ has some.")]
OptionalCasePath = Annotated[Path | None, typer.Argument(metavar="[CASE.toml]", help="Case file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a key, e.g. contact.coverage=0.2. May be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Directory = Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Keep the result here.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no table.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"asyncsoc {asyncsoc.__version__}")
        raise typer.Exit()


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def run(
    case: OptionalCasePath = None,
    output: Directory = None,
    overrides: Overrides = None,
    json: Json = False,
    quiet: Quiet = False,
    plot: Annotated[bool, typer.Option("--plot/--no-plot", help="With -o: a picture beside the result.")] = True,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Go on with this result; the case is in it.")
    ] = None,
) -> None:
    """Carry a case through its protocol."""
    from asyncsoc.cli.commands.run import run_case

    run_case(case, overrides or [], output, json=json, quiet=quiet, plot=plot, resume=resume)


@app.command()
def estimate(
    case: OptionalCasePath = None,
    overrides: Overrides = None,
    json: Json = False,
    radius: Annotated[str | None, typer.Option(metavar="LENGTH", help="e.g. '7.5 um'.")] = None,
    coverage: Annotated[str | None, typer.Option(metavar="FRACTION", help="Of one round patch, e.g. 0.3.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="RATE", help="Charging rate, e.g. C/10 or '2 nA'.")] = None,
    diffusivity: Annotated[str | None, typer.Option(metavar="D", help="e.g. '4e-15 m2/s'.")] = None,
    temperature: Annotated[str | None, typer.Option(metavar="T", help="e.g. '60 degC'.")] = None,
) -> None:
    """Estimate at once how far the contact runs ahead.

    From closed forms, of a case, or of the default particle with the options.
    """
    from asyncsoc.cli.commands.estimate import Wanted, show_estimate

    wanted = Wanted(radius, coverage, rate, diffusivity, temperature)
    show_estimate(case, overrides or [], wanted, json=json)


@app.command()
def protocol(
    text: Annotated[list[str], typer.Argument(metavar="TEXT...", help="e.g. 'Charge at C/10 until 4.2 V'.")],
    json: Json = False,
) -> None:
    """Show how steps are understood."""
    from asyncsoc.cli.commands.show import show_protocol

    show_protocol(text, json=json)


@app.command()
def params(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A set, or side-reaction.")] = None,
    json: Json = False,
) -> None:
    """List parameter sets, or one with its sources."""
    from asyncsoc.cli.commands.show import show_parameters

    show_parameters(name, json=json)


@app.command()
def verify(
    json: Json = False,
    three_dimensional: Annotated[bool, typer.Option("--3d", help="The 3-D meshes too: about a minute more.")] = False,
) -> None:
    """Compare the solver with closed forms.

    Exit code 3 where a check fails.
    """
    from asyncsoc.cli.commands.verify import verify_solver

    raise typer.Exit(verify_solver(json=json, three_dimensional=three_dimensional))


@app.command()
def doctor(json: Json = False) -> None:
    """Look at the machine and the installation.

    Exit code 4 where something needed is missing.
    """
    from asyncsoc.cli.commands.verify import examine_machine

    raise typer.Exit(examine_machine(json=json))


app.command()(react)
app.add_typer(tomo_app, name="tomo")
app.add_typer(sweep_app, name="sweep")


@app.command()
def calibrate(
    case: CasePath,
    data: Annotated[list[Path], typer.Argument(metavar="DATA.csv...", help="Time, and voltage or resistance.")],
    fit: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY[=LOW:HIGH]", help="e.g. side_reaction.onset_potential=3.6:4.4. May be repeated."),
    ] = None,
    overrides: Overrides = None,
    json: Json = False,
    output: Directory = None,
) -> None:
    """Fit kinetic constants to measured curves; say how well they are known."""
    from asyncsoc.cli.commands.calibrate import fit_case

    fit_case(case, data, fit or [], overrides or [], output, json=json)


@app.command()
def risk(
    case: CasePath,
    overrides: Overrides = None,
    json: Json = False,
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="KEY=VALUE", help="Compare with this particle: contact.coverage=0.95."),
    ] = None,
    reactant: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What reacts (asyncsoc react). May be repeated.")
    ] = None,
    at_x: Annotated[float, typer.Option("--at-x", metavar="X", help="Mean stoichiometry at which to compare.")] = 0.5,
    energy: Annotated[
        str | None, typer.Option(help="enthalpy or gibbs: side_reaction.thermochemistry. The band holds both.")
    ] = None,
    temperature: Annotated[
        str | None, typer.Option(metavar="T", help="Of Gibbs energies, e.g. '25 degC'; else the protocol's.")
    ] = None,
    output: Directory = None,
) -> None:
    """How strongly partial contact endangers the electrolyte, and which conclusions survive."""
    from asyncsoc.cli.commands.risk import Wanted, show_risk

    wanted = Wanted(against or (), reactant or (), at_x, output, energy, temperature)
    show_risk(case, overrides or [], wanted, json=json)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the pictures go.")] = Path(
        "demo-output"
    ),
) -> None:
    """Charge a calendered and a hot-calendered particle."""
    from asyncsoc.cli.commands.run import run_demo

    run_demo(output)
