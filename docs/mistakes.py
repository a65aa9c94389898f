"""Write the table of mistakes.md: what a newcomer types, and what asyncsoc answers: `python docs/mistakes.py`.

A test makes every mistake again and compares the answers with the page.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("mistakes.md")
_SECTION = re.compile(r"(<!-- mistakes -->\n).*?(<!-- end -->\n)", re.DOTALL)
_LONGEST = 160
"""Characters of a line of a message that the page shows."""
START = """
import numpy as np
import asyncsoc as aso
from pathlib import Path
particle, contact, material = aso.Particle.sphere("5 um", mesh="coarse"), aso.Contact.cap(0.3), aso.Material()
protocol = aso.Protocol.of("Charge at C/10 for 10 minutes", temperature="60 degC")
case = aso.Case.from_objects(particle, contact, material, protocol)
"""
"""What has been typed before each Python mistake."""
CASE = """
[contact]
kind = "cap"
coverage = 0.3
[protocol]
temperature = "60 degC"
steps = ["Charge at C/10 until 4.2 V"]
"""
"""The case file `case.toml` that commands use and files are changed from."""


@dataclass(frozen=True)
class Mistake:
    """A mistake: what was meant, what was typed, and where.

    Attributes
    ----------
    meant
        What the newcomer believed, in some words.
    typed
        Python, a command after `asyncsoc`, or the content of a file.
    kind
        "python"; "command"; "case" (a case file that is run); or the name of a file, beside which `then` is typed.
    then
        For a file: the Python that reads it.
    """

    meant: str
    typed: str
    kind: str = "python"
    then: str = ""


@dataclass(frozen=True)
class Answer:
    """What came of a mistake: the message, and the kind of error or the exit code."""

    message: str
    kind: str


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "names": (
        Mistake("a key with a typing error", "run case.toml --set contact.covrage=0.2", "command"),
        Mistake("a key without its section", "run case.toml --set coverage=0.2", "command"),
        Mistake("a section that does not exist", "[particel]\nradius = \"5 um\"\n" + CASE, "case"),
        Mistake("the name of a material with a typing error", 'aso.Material(name="ncm811-sturm")'),
        Mistake("the material by its everyday name", 'aso.Material(name="NMC811")'),
        Mistake("an electrolyte that does not come with asyncsoc", 'aso.Electrolyte(name="LLZO")'),
        Mistake("a kind of contact that does not exist", 'aso.Contact(kind="circle", coverage=0.3)'),
        Mistake("a rate law by another program's name", 'aso.Kinetics(model="BV")'),
        Mistake("an argument with a typing error", 'aso.Particle(radios="5 um")'),
        Mistake("a method with a typing error", "case.with_override(['contact.coverage=0.2'])"),
        Mistake("a curve by a name it does not have", 'aso.simulate(case).curves["Voltage"]'),
        Mistake("PyBaMM's name of a curve", 'aso.simulate(case).curves["Terminal voltage [V]"]'),
        Mistake("a command with a typing error", "rnu case.toml", "command"),
        Mistake("an option with a typing error", "run case.toml --outptu results", "command"),
        Mistake("a parameter set that does not exist", "params chen2020", "command"),
        Mistake("a number of a sweep that it does not have", 'aso.plot_heatmap(aso.sweep(case, {"contact.coverage": [0.2, 0.3], "protocol.rate": ["C/10", "C/5"]}, keep="summary"), "asynchrony")'),
        Mistake("a public name that does not exist", "aso.Simulation(case)"),
    ),
    "units": (
        Mistake("the coverage in per cent", "aso.Contact.cap(30)"),
        Mistake("a coverage of zero", "aso.Contact.cap(0.0)"),
        Mistake("the radius in micrometres, without a unit", "aso.Particle.sphere(5)"),
        Mistake("a unit of another dimension", 'aso.Particle.sphere("5 um2")'),
        Mistake("a unit with a typing error", 'aso.Particle.sphere("5 mu")'),
        Mistake("the temperature in degrees, without a unit", 'aso.Protocol.of("Rest for 1 hour", temperature=60)'),
        Mistake("a temperature in °C written as C", 'aso.Protocol.of("Rest for 1 hour", temperature="60 C")'),
        Mistake("a diffusivity in um2/s, without a unit", "aso.Material(diffusivity=0.004)"),
        Mistake("a diffusivity with the unit of another quantity", 'aso.Material(diffusivity="4e-15 m/s")'),
        Mistake("a negative radius", 'aso.Particle.sphere("-5 um")'),
        Mistake("a decimal comma", 'aso.Particle.sphere("7,5 um")'),
        Mistake("a stoichiometry for a state of charge", 'aso.Protocol.of("Rest for 1 hour", initial_soc=80)'),
        Mistake("a voltage beyond the material", 'aso.simulate(aso.Case.from_objects(particle, contact, material, aso.Protocol.of("Rest for 1 hour", initial_voltage="5 V")))'),
        Mistake("a loading without a unit in another order of magnitude", 'aso.Electrode(loading=12.7)'),
    ),
    "files": (
        Mistake("a case file that is not there", "run cas.toml", "command"),
        Mistake("a folder in place of the case file", "run .", "command"),
        Mistake("a text without quotes", CASE.replace('"60 degC"', "60 degC"), "case"),
        Mistake("a case without a protocol", '[contact]\nkind = "cap"\ncoverage = 0.3\n', "case"),
        Mistake("a coverage without its kind of contact", CASE.replace('kind = "cap"\n', ""), "case"),
        Mistake("a table given twice", CASE + "[contact]\nkind = \"cap\"\n", "case"),
        Mistake("a CSV without a head", "0.1, 4.2\n0.5, 3.8\n0.9, 3.5\n", "ocv.csv", 'aso.Material(name="own", open_circuit_potential="ocv.csv", diffusivity=1e-14, maximum_concentration=5e4, formula="LiCoO2")'),
        Mistake("a CSV with semicolons and decimal commas", "x; U [V]\n0,1; 4,2\n0,5; 3,8\n0,9; 3,5\n", "ocv.csv", 'aso.Material(open_circuit_potential="ocv.csv")'),
        Mistake("a potential that rises with x", "x, U [V]\n0.1, 3.5\n0.5, 3.8\n0.9, 4.2\n", "ocv.csv", 'aso.Material(open_circuit_potential="ocv.csv")'),
        Mistake("a potential in millivolts under a head that says volts", "x, U [V]\n0.1, 4200\n0.5, 3800\n0.9, 3500\n", "ocv.csv", 'aso.simulate(aso.Case.from_objects(particle, contact, aso.Material(open_circuit_potential="ocv.csv"), protocol))'),
        Mistake("a table with a hole", "x, D [m2/s]\n0.1, 1e-14\n0.5,\n0.9, 2e-14\n", "d.csv", 'aso.Material(diffusivity="d.csv")'),
        Mistake("a mesh file of a format that is not read", "hello\n", "particle.docx", 'aso.Particle(shape="mesh", file="particle.docx", length_unit="um").surface()'),
        Mistake("a result of another program", "not a result\n", "result.vtkhdf", 'aso.Solution.load("result.vtkhdf")'),
        Mistake("a BPX file that is cut off", '{"Header": {"BPX": 0.4', "cell.json", 'aso.import_bpx("cell.json", formula="LiFePO4")'),
        Mistake("a drive cycle without units", "t, I\n0, 0\n1, 0.5\n", "drive.csv", 'aso.simulate(aso.Case.from_objects(particle, contact, material, aso.Protocol.of("Follow drive.csv")))'),
        Mistake("an image in place of a volume", "run case.toml --set particle.shape=mesh --set particle.file=picture.png --set particle.length_unit=um", "command"),
    ),
    "protocols": (
        Mistake("a step without an end", 'aso.Protocol.of("Charge at C/10")'),
        Mistake("a typing error in a step", 'aso.Protocol.of("Charge at C/10 utnil 4.2 V")'),
        Mistake("PyBaMM's word for a unit", 'aso.Protocol.of("Charge at 1 A until 4.2 volts")'),
        Mistake("a limit without a unit", 'aso.Protocol.of("Charge at C/10 until 4.2")'),
        Mistake("a negative current for the discharge", 'aso.Protocol.of("Discharge at -1C until 2.8 V")'),
        Mistake("only a C-rate", 'aso.Protocol.of("C/10")'),
        Mistake("the steps as one text", 'aso.Protocol(steps="Charge at C/10 until 4.2 V")'),
        Mistake("no step at all", "aso.Protocol(steps=[])"),
        Mistake("a limit that has been passed", 'aso.simulate(aso.Case.from_objects(particle, contact, material, aso.Protocol.of("Charge at C/10 until 3.0 V", initial_voltage="3.8 V")))'),
        Mistake("the start given twice", 'aso.Protocol.of("Rest for 1 hour", initial_soc=0.5, initial_stoichiometry=0.5)'),
        Mistake("a start outside the material", 'aso.simulate(aso.Case.from_objects(particle, contact, material, aso.Protocol.of("Rest for 1 hour", initial_stoichiometry=0.02)))'),
        Mistake("a half cycle", 'aso.Protocol(cycle=[{"repeat": 0.5, "steps": ["Rest for 1 hour"]}])'),
        Mistake("a hold without its voltage", "protocol 'Charge at C/10 until 4.2 V' 'Hold for 1 hour'", "command"),
    ),
    "Python types": (
        Mistake("a case file's path in place of a case", 'aso.simulate("case.toml")'),
        Mistake("a path where an estimate wants a case", 'aso.estimate("case.toml")'),
        Mistake("a dictionary in place of a case", 'aso.simulate({"contact": {"coverage": 0.3}})'),
        Mistake("a value is assigned", "case.contact.coverage = 0.5"),
        Mistake("an override as a mapping", 'case.with_overrides({"contact.coverage": 0.5})'),
        Mistake("an override as one text", 'case.with_overrides("contact.coverage=0.5")'),
        Mistake("objects in the wrong places", "aso.Case.from_objects(contact, particle, material, protocol)"),
        Mistake("the protocol is forgotten", "aso.Case.from_objects(particle, contact, material)"),
        Mistake("a text in place of a number", 'aso.Contact.cap("a third")'),
        Mistake("an array in place of a number", "aso.Contact.cap(np.array([0.1, 0.3]))"),
        Mistake("not a number", 'aso.Contact.cap(float("nan"))'),
        Mistake("None", "aso.Contact.cap(None)"),
        Mistake("one value to vary in place of a list", 'aso.sweep(case, {"contact.coverage": 0.3})'),
        Mistake("a function with arguments in the other order", "aso.Material(diffusivity=lambda T, x, t: 1e-14)"),
        Mistake("a contact function that returns one number", "aso.Contact.from_function(lambda p: 0.3, particle)"),
        Mistake("weights of another mesh", "aso.Contact.from_weights(np.ones(7), particle)"),
        Mistake("a time that was not simulated", 'aso.simulate(case).stoichiometry_at(1e6)'),
        Mistake("one case in place of several", "aso.simulate_particles(case)"),
        Mistake("frequencies that are not above zero", 'aso.EISSimulation(case).solve([0.0, 1.0])'),
        Mistake("a particle that a group does not have", 'aso.simulate(case).particle("particle 7")'),
    ),
}  # fmt: skip
"""By what goes wrong."""


def everyone() -> Iterator[tuple[str, Mistake]]:
    """Yield every mistake with what goes wrong in it."""
    for name, found in MISTAKES.items():
        for one in found:
            yield name, one


def answered(mistake: Mistake) -> Answer:
    """Make a mistake in a folder of its own, and return what asyncsoc says."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("case.toml").write_text(CASE.lstrip(), encoding="utf-8")
        Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
        if mistake.kind == "case":
            Path("mine.toml").write_text(mistake.typed.lstrip(), encoding="utf-8")
            return _typed("run mine.toml")
        if mistake.kind == "command":
            return _typed(mistake.typed)
        if mistake.kind == "python":
            return _executed(mistake.typed)
        Path(mistake.kind).write_text(mistake.typed, encoding="utf-8")
        return _executed(mistake.then)


def _typed(command: str) -> Answer:
    from asyncsoc.cli.main import main

    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        code = main(shlex.split(command))
    return Answer(errors.getvalue().rstrip(), f"exit code {code}")


@cache
def _started() -> dict[str, object]:
    names: dict[str, object] = {}
    exec(START, names)
    return names


def _executed(code: str) -> Answer:
    names = dict(_started())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(code, names)
        except Exception as error:
            text = error.args[0] if isinstance(error, KeyError) and error.args else error
            return Answer(str(text).rstrip(), type(error).__name__)
    return Answer("", "nothing")


def table() -> str:
    """Return the table of all mistakes, in Markdown."""
    lines = ["| | mistake | what is typed | the answer |", "|---|---|---|---|"]
    for number, (name, one) in enumerate(everyone(), start=1):
        answer = answered(one)
        lines.append(f"| {number} | {name}: {one.meant} | {_cell(_shown(one))} | {_cell(_short(answer))} |")
    return "\n".join(lines) + "\n"


def _shown(one: Mistake) -> str:
    if one.kind == "command":
        return f"asyncsoc {one.typed}"
    if one.kind == "case":
        return one.typed.strip()
    if one.kind == "python":
        return one.typed
    return f"{one.kind}:\n{one.typed.strip()}\n{one.then}"


def _short(answer: Answer) -> str:
    """Return a message as the page shows it: with the kind of its error, and without the middle of long lists."""
    first, *others = answer.message.splitlines()
    lines = [first if answer.kind.startswith("exit") else f"{answer.kind}: {first}", *others]
    return "\n".join(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..." for line in lines)


def _cell(text: str) -> str:
    """Return lines of code as one cell of a table."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "<br>".join("`" + line.strip().replace("|", r"\|").replace("`", "'") + "`" for line in lines)


def written(page: str) -> str:
    """Return the page with its table made anew."""
    return _SECTION.sub(lambda match: match[1] + table() + match[2], page)


def main() -> int:
    """Write the table of the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
