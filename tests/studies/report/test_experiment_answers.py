"""What a page says of the documents of virtual experiments: the numbers in its sentences are those of the document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.studies.report.content import PageChart, PageGrid
from asyncsoc.studies.report.experiment_answers import answer_of_experiment, coarse_grid
from tests.studies.report.opened_page import OpenedPage

FREQUENCIES = [1e-3, 1.0, 1e3]
DOCUMENTS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "gitt": (
        {
            "cycle": [1, 1, 2],
            "direction": ["charge", "discharge", "charge"],
            "voltage [V]": [3.7, 3.9, 3.8],
            "D1": [0.1, 0.2, None],
            "apparent diffusivity [m2/s]": [1e-15, 4e-15, None],
            "true diffusivity [m2/s]": [1e-14, 8e-15, 1e-14],
            "film thickness mean [m]": [0.0, 1e-9, 2e-9],
        },
        ["titration of 3 pulses", "0.1 to 0.5 times the true one, 0.3 times in the median"],
        ["Diffusivity", "D1, the square of the ratio of both voltage changes", "Film"],
    ),
    "eis": (
        {
            "at": {"mean SOC": 0.5, "voltage [V]": 3.9, "protocol step": "Rest for 1 hour"},
            "frequency [Hz]": FREQUENCIES,
            "real impedance [ohm]": [40.0, 30.0, 10.0],
            "imaginary impedance [ohm]": [-5.0, -9.0, 0.0],
            "parts": {"film": {"real [ohm]": [10.0, 9.0, 0.0]}, "diffusion": {"real [ohm]": [30.0, 21.0, 10.0]}},
            "interface resistance [ohm]": 21.0,
            "equivalent circuit": {"interface resistance [ohm]": 20.0},
        },
        [
            "at a mean SOC of 0.500 and 3.900 V (Rest for 1 hour)",
            "from 10 ohm at 1e+03 Hz to 40 ohm at 0.001 Hz",
            "reads an interface resistance of 20 ohm off it; the true one is 21 ohm",
            "diffusion is the largest part, 75 %",
        ],
        ["Nyquist plot", "Magnitude", "Phase", "What it is made of"],
    ),
    "lsv": (
        {
            "criterion [A/m2]": [1e-3, 1e-2, 1.0],
            "onset [V]": {"inert electrode": [4.1, 4.3, 4.9], "particle, charged": [3.9, 4.2, None]},
            "curves": {"inert electrode": {"voltage [V]": [3.0, 5.0], "current density [A/m2]": [1e-9, 1.0]}},
        },
        [
            "By a criterion of 1e-03 A/m2 the window ends at 4.10 V on the inert electrode and at 3.90 V",
            "By a criterion of 1e-02 A/m2 the window ends at 4.30 V on the inert electrode and at 4.20 V",
        ],
        ["Onset by criterion", "Current of the side reaction"],
    ),
    "stxm": (
        {
            "time [s]": 7200.0,
            "voltage [V]": 4.0,
            "ratio": "Ni4+/Ni3+",
            "field of view [m]": 2e-6,
            "regions": [1.4, 1.2, 1.0, 0.8],
            "regions as seen": [1.5, 1.2, 1.0, 0.7],
            "ratio map": [[1.0, None], [2.0, 3.0]],
        },
        [
            "Ni4+/Ni3+ is 1.4 next to the contact and 0.8 farthest from it 2 h after the start, at 4.000 V",
            "1.5 and 0.7",
        ],
        ["Ni4+/Ni3+"],
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_experiment_is_told_in_sentences_and_drawn(name: str, tmp_path: Path) -> None:
    document, said, titles = DOCUMENTS[name]
    told = answer_of_experiment(document)
    assert told is not None
    assert [one for one in said if one not in f"{told.question} {told.answer}"] == []
    drawn = [block.title for block in told.blocks if isinstance(block, PageChart | PageGrid)]
    assert drawn == titles
    (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, **document}))
    page = OpenedPage(aso.report([tmp_path / f"{name}.json"], tmp_path / "page.html").read_text(encoding="utf-8"))
    assert told.question in page.text and told.answer in page.text


def test_other_documents_and_broken_ones_are_left_to_the_general_page() -> None:
    assert answer_of_experiment({"a": [1.0, 2.0]}) is None
    spectrum = {**DOCUMENTS["eis"][0], "real impedance [ohm]": ["a", "b", "c"]}
    assert answer_of_experiment(spectrum) is None
    pulses = {**DOCUMENTS["gitt"][0], "apparent diffusivity [m2/s]": [None, None, None]}
    told = answer_of_experiment(pulses)
    assert told is not None and told.answer == "None of its pulses gives a diffusivity."


def test_a_coarse_grid_keeps_the_mean_and_the_direction() -> None:
    values = np.arange(28.0 * 42.0).reshape(28, 42)
    grid = coarse_grid("t", values, np.arange(42.0), np.arange(28.0), "")
    assert grid.values.shape == (14, 14)
    assert grid.values.mean() == pytest.approx(values.mean(), rel=1e-14)
    assert grid.values[0, 0] > grid.values[-1, 0], "row 0 of a map is the lowest one, that of a picture the highest"
    assert float(grid.rows[0]) > float(grid.rows[-1]) and float(grid.columns[0]) < float(grid.columns[-1])
