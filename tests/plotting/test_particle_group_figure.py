"""The picture of a group: it shows every particle, and refuses what is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.particle_group import DrawnGroup, group_figure


def drawn(count: int, **changes: Any) -> DrawnGroup:
    time = np.linspace(0.0, 7000.0, 50)
    rise = np.linspace(0.1, 0.8, 50)
    soc = rise * np.linspace(0.8, 1.0, count)[:, np.newaxis]
    share = np.full((count, 50), 1.0 / max(count, 1))
    share[:, 40:] = np.nan
    given = {
        "time": time,
        "voltage": 3.5 + rise,
        "mean_soc": rise,
        "soc": soc,
        "contact_soc": soc + 0.05,
        "current_share": share,
        "coverage": np.linspace(0.1, 0.9, count),
        "weights": np.ones(count),
    }
    return DrawnGroup(**(given | changes))


@pytest.mark.parametrize("count", [1, 3, 20, 200])
def test_every_particle_is_drawn(count: int, tmp_path: Any) -> None:
    figure = group_figure(drawn(count), title="group", note="a note")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    current = figure.axes[titles.index("Who carries the current")]
    assert len(current.lines) == min(count, 40) + 1  # more would cover each other
    heights = [float(line.get_ydata()[0]) for line in current.lines[:-1]]
    np.testing.assert_allclose(heights, 1.0)
    assert ("40 of 200 particles" in [text.get_text() for text in current.texts]) == (count == 200)
    scatter = next(axes for axes, title in zip(figure.axes, titles, strict=True) if title.startswith("SOC against"))
    np.testing.assert_allclose(scatter.collections[1].get_offsets()[:, 0], np.linspace(0.1, 0.9, count))
    charges = figure.axes[titles.index("States of charge over time")]
    if count <= 12:  # few particles are lines
        for line, own in zip(charges.lines, np.linspace(0.8, 1.0, count), strict=False):
            assert float(line.get_ydata()[-1]) == pytest.approx(0.8 * own)
        assert len(charges.lines) == count + 1
    else:
        shown = charges.collections[0].get_array()
        np.testing.assert_allclose(np.ma.filled(shown, 0.0).reshape(40, -1).sum(axis=0), 100.0)
    figure.savefig(tmp_path / "group.png", dpi=40)


def test_a_film_has_panels_of_its_own() -> None:
    film = np.linspace(0.0, 1e-8, 50) * np.array([[1.0], [np.nan], [0.5]])
    figure = group_figure(drawn(3, film=film), moment=3000.0)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert {"Film", "Film against coverage, same moment"} <= set(titles)
    assert "SOC against coverage at 50" in " ".join(titles)
    assert "Film" not in [a.get_title(loc="left") for a in group_figure(drawn(3, film=np.zeros((3, 50)))).axes]


def test_what_is_no_group_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit"):
        drawn(3, soc=np.zeros((3, 49)))
    with pytest.raises(InputError, match="no particles"):
        drawn(0)
    with pytest.raises(InputError, match="not simulated then"):
        group_figure(drawn(3), moment=7001.0)
