"""Make the pictures in docs/images anew: the demo's own, smaller. `python docs/make_images.py [DIR of a demo]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from asyncsoc.report.demo import run_demo
from asyncsoc.report.pictures import PICTURES

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


def main(arguments: list[str]) -> int:
    """Run the demo, unless a directory with its pictures is given, and shrink them."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(arguments[0]) if arguments else Path(scratch)
        if not arguments:
            run_demo(place)
        for name in PICTURES:
            shrink(place / f"{name}.png", IMAGES / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
