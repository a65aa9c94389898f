"""Make the pictures in docs/images anew, smaller than they are drawn: `python docs/make_images.py [DIR of a demo]`.

Those of the demo, of the runs, risk studies and the sweep that other pages show, the layouts of one coverage on the
fine 3-D mesh, and the numbers of the measured particles. Those that show a tomogram itself are not made here.
"""

from __future__ import annotations

import csv
import runpy
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from asyncsoc.case import Case, Contact, Output, Particle, Protocol
from asyncsoc.cli.main import main as asyncsoc
from asyncsoc.plotting.risk import film_figure
from asyncsoc.simulation import simulate
from asyncsoc.studies.demo.pictures import PICTURES, keep
from asyncsoc.studies.demo.report import run_demo
from asyncsoc.studies.layouts import Layout, charge_layouts, layouts, layouts_figure
from asyncsoc.studies.particle_sets.charge import ChargedSet
from asyncsoc.studies.particle_sets.pictures import charged_figure
from asyncsoc.studies.risk.films import film_line

IMAGES = Path(__file__).with_name("images")
WIDTH = 1200
"""Pixels: sharp on the page, and small enough to commit."""


def shrink(picture: Path, target: Path) -> None:
    """Write a picture `WIDTH` pixels wide, in the 256 colours that suit it best."""
    with Image.open(picture) as image:
        size = (WIDTH, round(image.height * WIDTH / image.width))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        # Refined by k-means: median cut alone puts steps into the maps.
        small.quantize(256, kmeans=8, dither=Image.Dither.NONE).save(target, optimize=True)


def draw_layouts(path: Path) -> Path:
    """Charge the layouts of docs/layouts.md and draw their surfaces."""
    case = Case(
        particle=Particle.sphere("7.5 um", mesh="fine"),
        protocol=Protocol(steps=["Charge at C/10 until 4.2 V"]),
        output=Output(fields_every="30 min"),
    )
    return keep(layouts_figure(charge_layouts(case, layouts())), path)


def draw_own_contacts(path: Path) -> Path:
    """Charge the contacts of docs/own_contacts.md, of one coverage, and draw their surfaces."""
    particle = Particle.sphere("5 um")
    contacts = own_contacts(particle)
    case = Case(
        particle=particle,
        protocol=Protocol(steps=["Charge at C/10 until 4.2 V"]),
        output=Output(fields_every="30 min"),
    )
    compared = [Layout(label, contact) for label, contact in contacts.items()]
    return keep(layouts_figure(charge_layouts(case, compared)), path)


def own_contacts(particle: Particle) -> dict[str, Contact]:
    """Return the contacts that docs/own_contacts.md makes: grooves, spots of different sizes, a map."""
    theta, phi = np.radians(np.arange(1.0, 180.0, 2.0)), np.radians(np.arange(0.0, 360.0, 2.0))
    spots = [
        {"direction": [0, -1, 0.4], "coverage": 0.18},
        {"theta": "50 deg", "phi": "20 deg", "coverage": 0.06},
        {"theta": "115 deg", "phi": "100 deg", "coverage": 0.06},
    ]
    wave = np.cos(3.0 * phi[None, :] + 4.0 * theta[:, None]) + np.cos(5.0 * theta)[:, None]
    return {
        "grooves: a function": Contact.from_function(lambda p: np.abs(np.mod(p[:, 2], 0.5) - 0.25) > 0.175, particle),
        "spots: placed patches": Contact.placed(spots),
        "an image: a map": Contact.from_map(theta, phi, (wave > 0.535).astype(float)),
    }


LAYERED = {
    "name": "electrode in layers",
    "electrode": {
        "model": "layers",
        "layers": 8,
        "loading": "12.7 mg/cm2",
        "thickness": "60 um",
        "particles": 3,
        "coverage": {"law": "beta", "mean": 0.3, "std": 0.1},
    },
    "particle": {"mesh": "coarse"},
    "protocol": {
        "temperature": "60 degC",
        "steps": ["Charge at C/3 until 4.2 V", "Rest for 2 hours", "Discharge at C/3 until 2.8 V"],
    },
}
"""An electrode whose layers are drawn."""


def draw_examples(directory: Path) -> dict[str, Path]:
    """Draw what the commands shown in the pages draw: file name without suffix -> picture."""
    examples = IMAGES.parents[1] / "examples"
    found = {}
    for name, example in (
        ("run-cycles", "cccv_cycles"),
        ("run-film", "coupled_film"),
        ("drive-cycle", "drive_cycle"),
        ("electrode", "electrode"),
    ):
        found[name] = keep(simulate(Case.from_toml(examples / f"{example}.toml")).plot(), directory / f"{name}.png")
    found["electrode-layers"] = keep(
        simulate(Case.from_dict(LAYERED)).plot_layers(), directory / "electrode-layers.png"
    )
    found["electrode-salt"] = keep(
        simulate(Case.from_toml(examples / "layered_electrode.toml")).plot_layers(), directory / "electrode-salt.png"
    )
    for name in ("cal_vs_hotcal_electrodes", "tomogram_electrode"):
        found[name] = directory / f"{name}.png"
        if runpy.run_path(str(examples / f"{name}.py"))["main"](["--picture", str(found[name])]):
            raise SystemExit(f"examples/{name}.py failed")
    against = ["--against", "contact.coverage=0.95"]
    for name, example, at in (
        ("decomposition-risk", "cal_vs_hotcal", "0.497"),
        ("risk-cycle", "coupled_film", "0.5"),
    ):
        command = ["risk", str(examples / f"{example}.toml"), *against, "--at-x", at, "-o", str(directory / name)]
        _run(command)
        found[name] = directory / name / "risk.png"
    _run(["risk", str(examples / "electrode.toml"), "--at-x", "0.5", "-o", str(directory / "electrode-risk")])
    found["electrode-risk"] = directory / "electrode-risk" / "risk-particles.png"
    states = ["--at", "step 1", "--at", "rest", "-o", str(directory / "eis")]
    _run(["eis", str(examples / "impedance.toml"), *states])
    for kind in ("nyquist", "bode"):
        (found[f"impedance-{kind}"],) = (directory / "eis").glob(f"*-{kind}.png")
    found["impedance-paper"] = directory / "impedance-paper.png"
    paper = runpy.run_path(str(IMAGES.parents[1] / "benchmarks" / "paper" / "impedance.py"))
    keep(paper["figure_of"](paper["both"]()), found["impedance-paper"])
    vary = ["--vary", "contact.coverage=0.1:0.9:9", "--vary", "material.diffusivity=1e-15:1e-14:8:log"]
    _run(["sweep", str(examples / "cal_vs_hotcal.toml"), *vary, "-o", str(directory / "sweep")])
    found["sweep"] = directory / "sweep" / "sweep.png"
    vary = ["--vary", "contact.coverage=0.1,0.3,0.9", "--vary", "protocol.rate=C/20,C/10,C/3"]
    shown = ["--heatmap", "Final mean SOC", "--unit", "Final mean SOC=%"]
    _run(["sweep", str(examples / "own_everything.toml"), *vary, *shown, "-o", str(directory / "own")])
    found["own_everything"] = directory / "own" / "heatmap-final-mean-soc.png"
    return found


def draw_film(path: Path) -> Path:
    """Draw the film of Cal and Hot-Cal with the default constants of the side reaction."""
    case = Case.from_toml(IMAGES.parents[1] / "examples" / "cal_vs_hotcal.toml")
    lines = [
        film_line(case.with_overrides([f"contact.coverage={f}"]), f"{name}, f = {f:g}")[0]
        for name, f in (("Cal", 0.3), ("Hot-Cal", 0.95))
    ]
    note = (
        "NCM811 sphere, R = 7.5 µm, one round contact, 60 °C, C/10 to 4.2 V; PEO-LiTFSI. "
        "Every constant of the side reaction is assumed."
    )
    return keep(film_figure(lines, title="Film of a coupled side reaction", note=note), path)


def draw_measured(path: Path) -> Path:
    """Draw the numbers of the 129 measured particles, which are in tomography_results.csv."""
    with IMAGES.with_name("tomography_results.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    rows = [{name: float(value) if value else None for name, value in row.items()} for row in table]
    charged = ChargedSet({"case": {"protocol": {"steps": ["Charge at C/10 until 4.2 V"]}}}, rows)
    note = (
        "NREL nmc-1-cal, Usseglio-Viretta et al. 2018, 10.1149/2.0731814jes, (c) Alliance for Sustainable Energy, "
        "BSD-type licence. Its CBD was placed numerically, not imaged."
    )
    return keep(charged_figure(charged, note=note), path)


def _run(command: list[str]) -> None:
    if asyncsoc(command) != 0:
        raise SystemExit(f"asyncsoc {' '.join(command)} failed")


def draw_results(images: Path) -> None:
    """Draw what docs/results.md shows beside a run's own picture: the particle in 3-D, and an animation."""
    solution = simulate(Case.from_toml(Path("examples/cal_vs_hotcal.toml")))
    solution.plot_3d(path=images / "particle-3d.png")
    solution.animate(images / "charge.gif", frames=20, rate=6.0, dpi=76.0)


def main(arguments: list[str]) -> int:
    """Run the demo, unless a directory with its pictures is given, and shrink them."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(arguments[0]) if arguments else Path(scratch)
        if not arguments:
            run_demo(place)
        for name in PICTURES:
            shrink(place / f"{name}.png", IMAGES / f"{name}.png")
        for name, picture in draw_examples(Path(scratch)).items():
            shrink(picture, IMAGES / f"{name}.png")
        single = {
            "layouts": draw_layouts,
            "own_contacts": draw_own_contacts,
            "decomposition-film": draw_film,
            "tomography-charged": draw_measured,
        }
        for name, draw in single.items():
            shrink(draw(Path(scratch) / f"{name}.png"), IMAGES / f"{name}.png")
    draw_results(IMAGES)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
