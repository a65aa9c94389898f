"""The gallery: every example with a picture and a number: `python docs/gallery.py [EXAMPLE ...]` makes them anew.

It runs each example, keeps the picture in docs/images/gallery and the number in docs/gallery.json. The page is written
from these when the site is built; a test runs every example again and compares the numbers.
"""

from __future__ import annotations

import io
import json
import runpy
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
IMAGES = Path(__file__).with_name("images") / "gallery"
NUMBERS = Path(__file__).with_name("gallery.json")
WIDTH = 720
"""Pixels of a picture."""


@dataclass(frozen=True)
class Example:
    """An example of the gallery.

    Attributes
    ----------
    file
        Below examples/.
    title
        What it is.
    shows
        What is to be seen.
    quantity
        What the number is, with its unit.
    number
        Takes it from what the command printed with `--json`; of a script, from its printed text.
    command
        What follows `asyncsoc` before the file; empty for a script.
    options
        What follows the file.
    picture
        End of the name of the picture among those written.
    """

    file: str
    title: str
    shows: str
    quantity: str
    number: Callable[[Any], float]
    command: str = "run"
    options: tuple[str, ...] = ()
    picture: str = ".png"

    @property
    def name(self) -> str:
        """The name of its picture."""
        stem = self.file.replace("/", "-").rpartition(".")[0]
        beside = self.file.endswith(".py") and (ROOT / "examples" / self.file).with_suffix(".toml").exists()
        return f"{stem}-script" if beside else stem

    @property
    def typed(self) -> str:
        """The command a reader types."""
        if not self.command:
            return f"python examples/{self.file}"
        options = [f'"{one}"' if " " in one else one for one in self.options]
        return " ".join(["asyncsoc", self.command, f"examples/{self.file}", *options, "-o out"])


def _summary(name: str) -> Callable[[Any], float]:
    return lambda document: float(document["summary"][name])


def _word(line: str, place: int) -> Callable[[str], float]:
    """Return what reads one number of a printed table: of the line that starts so, the word at that place."""

    def read(text: str) -> float:
        found = next(row for row in text.splitlines() if row.strip().startswith(line))
        return float(found.split()[place])

    return read


_ASYNCHRONY = ("largest asynchrony", _summary("Largest asynchrony"))

EXAMPLES = (
    Example("cal_vs_hotcal.toml", "A calendered particle", "the default particle under one round contact of 30 %", *_ASYNCHRONY),
    Example("belt_charge_rest.toml", "A belt of contact", "a charge and the rest after it: the gradient relaxes", *_ASYNCHRONY),
    Example("cccv_cycles.toml", "Constant current, constant voltage", "three cycles with holds and rests", *_ASYNCHRONY),
    Example("rest_relaxation.toml", "Pulses and rests", "a fully covered particle under current pulses", *_ASYNCHRONY),
    Example("uniform_flux_cap.toml", "A uniform flux", "constant diffusivity and a uniform flux: a case with a closed form", *_ASYNCHRONY),
    Example("drive_cycle.toml", "A drive cycle", "half a US06 cycle twice, a point a second", *_ASYNCHRONY),
    Example("coupled_film.toml", "A growing film", "decomposition at the contact takes current and grows a film; its constants are assumed", *_ASYNCHRONY),
    Example("own_cathode.toml", "Your own cathode", "potential, diffusivity and exchange current density from CSV files", *_ASYNCHRONY),
    Example("own_electrolyte.toml", "Your own electrolyte", "a polymer given by its conductivity and formation enthalpy", *_ASYNCHRONY),
    Example("own_contact.toml", "Placed contact patches", "three patches that lose contact at their rims", *_ASYNCHRONY),
    Example("grains.toml", "Grains", "sixty grains at random, a hundred times faster along their layers than across", *_ASYNCHRONY),
    Example("own_everything.toml", "Own cathode and polymer", "the case of the heat map below", *_ASYNCHRONY),
    Example("own_everything.py", "A heat map of your own material", "final state of charge over coverage and rate", "final SOC at coverage 0.1 and C/3", _word("0.1 ", -1), command=""),
    Example("imported_cathode.py", "A cathode of a BPX file", "LFP at three coverages", "charge at coverage 0.1 [mAh/g]", _word("0.1 ", 1), command=""),
    Example("layouts.py", "One coverage, three layouts", "one patch, six even and six random ones", "largest asynchrony of one patch", _word("one", -3), command=""),
    Example("report.py", "A report", "both particles on one page that opens without a network", "capacity of Cal [mAh/g]", _word("Cal", 1), command=""),
    Example("contact_corrected.toml", "A particle for PyBaMM", "the case of the contact-corrected model", *_ASYNCHRONY),
    Example("impedance.toml", "Impedance", "the spectrum after a rest and what each process adds", "interface resistance [Mohm]", lambda d: d["interface resistance [ohm]"] / 1e6, command="eis", options=("--at", "rest"), picture="nyquist.png"),
    Example("gitt.toml", "Titration", "apparent and true diffusivity over a charge", "apparent over true diffusivity, fifth pulse", lambda d: d["apparent diffusivity [m2/s]"][4] / d["true diffusivity [m2/s]"][4], command="gitt", options=("--cycles", "1", "--charge-only")),
    Example("stxm.toml", "X-ray microscopy", "Ni4+/Ni3+ along lines of sight, with beam and counting noise", "Ni4+/Ni3+ of the first region", lambda d: d["regions"][0], command="stxm"),
    Example("lsv.toml", "Linear sweep voltammetry", "the window on steel and the onset on the particle", "onset on the inert electrode at 1e-5 A/m2 [V]", lambda d: d["onset [V]"]["inert electrode"][0], command="lsv"),
    Example("electrode.toml", "An electrode", "eight particles of different coverage at one potential", "largest asynchrony of a particle", _summary("Largest asynchrony of a particle")),
    Example("layered_electrode.toml", "Layers and salt", "gradients through the thickness, the salt of the polymer included", "final voltage [V]", _summary("Final voltage [V]"), picture="layers.png"),
    Example("cal_vs_hotcal_electrodes.py", "Two electrodes", "calendered and hot-calendered: the spread of their particles", "mean SOC of Cal after the charge", _word("Cal", 1), command=""),
    Example("volume_as_electrode.py", "A volume as one electrode", "every particle on its own mesh in the layer of its depth", "mean SOC where interior particles stand for all", _word("scale", 4), command=""),
    Example("tomogram_electrode.py", "An electrode of a tomogram", "particles with measured shapes against spheres", "mean SOC of the measured shapes", _word("measured", 3), command=""),
    Example("sweeps/rate_and_size.toml", "Rate and size", "a sweep over two keys", "cases", lambda d: d["done"], command="sweep", options=("--vary", "rate=0.1:2:4:log", "--vary", "particle.radius=2 um:10 um:4", "--heatmap", "Final mean SOC"), picture="final-mean-soc.png"),
    Example("sweeps/layouts.toml", "Random layouts", "six patches at random places, on the coarse mesh", "cases", lambda d: d["done"], command="sweep", options=("--vary", "contact.coverage=0.3,0.6", "--set", "particle.mesh=coarse")),
    Example("sweeps/particles.toml", "A table of particles", "a case for every row of a table", "cases", lambda d: d["done"], command="sweep", options=("--table", "examples/sweeps/particles.csv")),
    Example("fits/two_rates.toml", "A fit to two rates", "diffusivity and exchange current density from two charges", "fitted factor of the diffusivity", lambda d: d["fitted constants"][0]["value"], command="calibrate"),
    Example("fits/particle.toml", "The case of the fit", "the fully covered particle that is fitted", *_ASYNCHRONY),
)  # fmt: skip


def carried_out(example: Example, folder: Path) -> tuple[float, Path | None]:
    """Run an example in a folder; return its number and its picture, if it draws one."""
    with chdir(folder):
        Path("examples").symlink_to(ROOT / "examples")
        text = io.StringIO()
        with redirect_stdout(text), redirect_stderr(io.StringIO()):
            if example.command:
                from asyncsoc.cli.main import main

                words = [*example.command.split(), f"examples/{example.file}", *example.options, "-o", "out", "--json"]
                code = main(words)
                if code:
                    raise RuntimeError(f"{example.typed} ended with exit code {code}")
                number = example.number(json.loads(text.getvalue()))
            else:
                _script(f"examples/{example.file}")
                number = example.number(text.getvalue())
    pictures = sorted(one for one in folder.rglob("*.png") if one.name.endswith(example.picture))
    return number, pictures[0] if pictures else None


def _script(file: str) -> None:
    before = sys.argv
    sys.argv = [file]
    try:
        runpy.run_path(file, run_name="__main__")
    except SystemExit as stop:
        if stop.code:
            raise
    finally:
        sys.argv = before


def numbers() -> dict[str, float]:
    """Return the numbers that are kept, by example."""
    return {str(name): float(value) for name, value in json.loads(NUMBERS.read_text(encoding="utf-8")).items()}


def written() -> str:
    """Return the gallery as Markdown."""
    kept, cards = numbers(), []
    for one in EXAMPLES:
        picture = IMAGES / f"{one.name}.png"
        shown = [f":img-top: images/gallery/{one.name}.png", f":img-alt: {one.title}: {one.shows}"]
        cards += [
            f":::{{grid-item-card}} {one.title}",
            *(shown if picture.exists() else []),
            "",
            f"{one.shows[:1].upper()}{one.shows[1:]}. {one.quantity[:1].upper()}{one.quantity[1:]}: **{kept[one.file]:.4g}**",
            "",
            f"`{one.typed}`",
            ":::",
            "",
        ]
    return "\n".join(["::::{grid} 1 2 2 3", ":gutter: 3", "", *cards, "::::"])


def main(names: list[str]) -> int:
    """Run the examples named, or all of them."""
    from PIL import Image

    kept = numbers() if NUMBERS.exists() else {}
    for one in EXAMPLES:
        if names and one.file not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            number, picture = carried_out(one, Path(folder))
            if picture is not None:
                with Image.open(picture) as image:
                    size = (WIDTH, round(image.height * WIDTH / image.width))
                    small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
                    small.quantize(128, kmeans=4, dither=Image.Dither.NONE).save(
                        IMAGES / f"{one.name}.png", optimize=True
                    )
        kept[one.file] = float(f"{number:.6g}")
        print(
            f"{one.file}: {one.quantity} {number:.6g}, {'no picture' if picture is None else picture.name}", flush=True
        )
        ordered = {example.file: kept[example.file] for example in EXAMPLES if example.file in kept}
        NUMBERS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
