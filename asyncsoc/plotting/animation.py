"""A particle's section over time beside its voltage, picture by picture, as a GIF or an MP4 file."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.base.files import written
from asyncsoc.plotting.curves import Against, LabelledRun, curve_on
from asyncsoc.plotting.plane import cut
from asyncsoc.plotting.section import SectionPanel, bar_ticks, contour_levels, draw_field, draw_section
from asyncsoc.plotting.style import MAP, VERMILLION, new_figure, styled
from asyncsoc.recorders import curve_names as names

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from PIL.Image import Image

Array = NDArray[np.float64]

ENDINGS = (".gif", ".mp4")
_WIDTH, _HEIGHT = 7.6, 3.6
_COLOURS = 256
"""Of a GIF: one palette, made from a few pictures of the whole animation, so that colours mean the same in all."""
_KEPT, _SWATCH = (VERMILLION, "white"), 24
"""Colours that are kept as they are, and rows of pixels that each has of those which make the palette."""
_SAMPLES = 6
_FEWEST = 2
_LONGEST_HOLD = 2000
"""ms that the last picture of a GIF stays."""


@dataclass(frozen=True, eq=False)
class MovingSection:
    """What an animation shows.

    Attributes
    ----------
    run
        The curves, of which the voltage is drawn.
    times : (k,), s
        Of the pictures, not decreasing.
    panel_at
        Returns what the section shows at a time [s].
    limits
        Ends of the colour scale.
    spread
        Largest difference within the particle at one time, which says how far contour lines are apart.
    quantity
        Label of the colour bar, with unit.
    against
        Abscissa of the voltage.
    title
        What is seen.
    """

    run: LabelledRun
    times: Array
    panel_at: Callable[[float], SectionPanel]
    limits: tuple[float, float]
    spread: float
    quantity: str
    against: Against
    title: str


def write_animation(moving: MovingSection, path: Path, *, rate: float = 12.0, dpi: float = 100.0) -> Path:
    """Write an animation to a file, whole or not at all, and return its path.

    Parameters
    ----------
    moving
        What is shown.
    path
        A file that ends in ".gif" or ".mp4".
    rate
        Pictures in a second.
    dpi
        Resolution.

    Raises
    ------
    InputError
        Another ending, fewer than two pictures, a rate or resolution out of range, or the file cannot be written.
    EnvironmentProblem
        MP4 without ffmpeg.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError("an animation is a GIF or an MP4 file", where="path", value=str(path), allowed="*.gif, *.mp4")
    if len(moving.times) < _FEWEST:
        raise InputError(
            "an animation has several pictures", where="frames", value=len(moving.times), allowed="2 or more"
        )
    for name, value, low, high in (("rate", rate, 0.1, 60.0), ("dpi", dpi, 20.0, 400.0)):
        if not low <= value <= high:
            raise InputError("out of range", where=name, value=value, allowed=f"{low:g} to {high:g}")
    program = _ffmpeg() if ending == ".mp4" else None
    pictures = _pictures(moving, dpi)
    content = _gif(list(pictures), rate) if program is None else _mp4(program, pictures, rate)
    with written(path, "the animation cannot be written") as stream:
        stream.write(content)
    return path


def _ffmpeg() -> str:
    """Return the path of ffmpeg."""
    found = shutil.which("ffmpeg")
    if found is None:
        raise EnvironmentProblem(
            "an MP4 file needs the program ffmpeg, which is not on PATH",
            next_step="install it (Debian and Ubuntu: apt-get install ffmpeg; conda: conda install ffmpeg), "
            "or write a GIF: a file that ends in .gif",
        )
    return found


def _pictures(moving: MovingSection, dpi: float) -> Iterator[Image]:
    """Yield the pictures one by one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    scene = _Scene(moving, dpi)
    canvas = FigureCanvasAgg(scene.figure)
    for time in moving.times.tolist():
        scene.show(float(time))
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        yield Image.fromarray(np.asarray(pixels)).convert("RGB")


class _Scene:
    """A figure whose section and mark on the voltage move; what else it has is laid out once."""

    @styled
    def __init__(self, moving: MovingSection, dpi: float) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        self.moving = moving
        self.figure: Figure = new_figure(_WIDTH, _HEIGHT)
        self.figure.set_dpi(dpi)
        self._section, voltage = self.figure.subplots(1, 2, width_ratios=(1.0, 1.05))
        low, high = moving.limits
        self._norm = Normalize(low, high)
        last = moving.panel_at(float(moving.times[-1]))
        self._levels = contour_levels([replace(last, values=np.array([0.0, moving.spread]))], low, high)
        self._clock, self._value = curve_on(voltage, moving.run, names.VOLTAGE, moving.against)
        (self._mark,) = voltage.plot([], [], "o", color=VERMILLION, markersize=7.0)
        bar = self.figure.colorbar(ScalarMappable(self._norm, MAP), ax=self._section, shrink=0.85, aspect=22, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_ticks(bar_ticks(low, high).tolist())
        bar.set_label(moving.quantity)
        self.figure.suptitle(moving.title, x=0.01, ha="left")
        first = moving.panel_at(float(moving.times[0]))
        draw_section(self._section, first, self._norm, np.empty(0))
        self._drawn: list[Artist] = [self._section.collections[0]]
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # else places would move with the numbers

    @styled
    def show(self, time: float) -> None:
        """Draw the particle at a time [s]."""
        panel = self.moving.panel_at(time)
        for artist in self._drawn:
            artist.remove()
        section = cut(panel.mesh, panel.contact, panel.values)
        self._drawn = draw_field(self._section, section, self._norm, self._levels)
        self._section.set_title(panel.title, loc="center")
        clock = np.asarray(self.moving.run.column(names.TIME))
        self._mark.set_data([np.interp(time, clock, self._clock)], [np.interp(time, clock, self._value)])


def _gif(pictures: Sequence[Image], rate: float) -> bytes:
    """Return pictures as a GIF that repeats."""
    from PIL import Image

    chosen = [pictures[k] for k in np.unique(np.linspace(0, len(pictures) - 1, _SAMPLES).astype(int)).tolist()]
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width, height * len(chosen) + _SWATCH * len(_KEPT)), "white")
    for number, shade in enumerate(_KEPT):
        sheet.paste(Image.new("RGB", (width, _SWATCH), shade), (0, sheet.height - _SWATCH * (number + 1)))
    for number, picture in enumerate(chosen):
        sheet.paste(picture, (0, number * height))
    palette = sheet.quantize(_COLOURS)
    drawn: list[Any] = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    pause = max(round(1000.0 / rate), 20)
    content = io.BytesIO()
    drawn[0].save(
        content, format="GIF", save_all=True, append_images=drawn[1:], loop=0, optimize=False,
        duration=[pause] * (len(drawn) - 1) + [max(pause, _LONGEST_HOLD)],
    )  # fmt: skip
    return content.getvalue()


def _mp4(program: str, pictures: Iterator[Image], rate: float) -> bytes:
    """Return pictures as an MP4 file that browsers play (H.264)."""
    with tempfile.TemporaryDirectory(prefix="asyncsoc-animation-") as folder:
        target, first = Path(folder) / "animation.mp4", next(pictures)
        size = f"{first.width}x{first.height}"
        command = [
            program, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size,
            "-r", f"{rate:g}", "-i", "-", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-c:v", "libx264",
            "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(target),
        ]  # fmt: skip
        with tempfile.TemporaryFile() as said:
            with (
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said) as process,
                suppress(BrokenPipeError),  # it says why below
            ):
                for picture in chain([first], pictures):
                    process.stdin.write(picture.tobytes())  # type: ignore[union-attr]
            if process.returncode or not target.is_file():
                said.seek(0)
                reason = said.read().decode(errors="replace").strip().splitlines()
                raise EnvironmentProblem(
                    f"ffmpeg could not write the animation: {reason[-1] if reason else 'no message'}",
                    where=program,
                    next_step="write a GIF: a file that ends in .gif",
                )
        return target.read_bytes()


__all__ = ["ENDINGS", "MovingSection", "write_animation"]
