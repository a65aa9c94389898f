"""The grains of a particle, as a case describes them: how they lie, how anisotropic they are, how they touch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import file_sha256
from asyncsoc.case import fields
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section
from asyncsoc.geometry.crystals import MOST_ANISOTROPY

Anisotropy = Annotated[float, Measured("", 1.0 / MOST_ANISOTROPY, MOST_ANISOTROPY)]
Exchange = Annotated[float, Measured("m/s", 0.0, 1.0)]
Place = Annotated[float, Measured("um", -1.0, 1.0)]
_MOST = 1_000_000
_DRAWN = ("radial", "tangential", "random")
_FILES = ("labels", "orientations")
_OF_KIND = {
    **{kind: ("number", "size", "seed") for kind in _DRAWN},
    "aligned": ("axis",),
    "volume": ("labels", "orientations", "voxel_size", "origin"),
    "mesh": (),
}
"""Keys that only some kinds have."""


class Grains(Section):
    """Grains of layered crystals: diffusion along their layers and across them, and boundaries between them.

    Attributes
    ----------
    kind
        How the layers lie. "radial": along the radius, their normals c at random across it; "tangential": c along the
        radius; "random"; "aligned": one crystal, c along `axis`; "volume": measured, in `labels` and `orientations`;
        "mesh": quantities on the cells of the particle's own mesh, `grain` with `axis` or `quaternion`.
    anisotropy
        Diffusivity along the layers over that across them.
    diffusivity
        Which one the material's diffusivity is: "mean" (a third of the trace), "along" or "across".
    number
        Grains drawn as the Voronoi cells of so many points; without `number` and `size` "radial" and "tangential" are a
        field that turns with the radius, of grains that are not resolved.
    size
        m; the same by the edge of the cube of a grain's mean volume.
    seed
        Of the points and of the orientations.
    axis
        c of "aligned".
    labels, orientations
        Volume with the grain of each voxel, and CSV file with the orientation of each grain.
    voxel_size
        m; of `labels`; None: the file's own.
    origin
        m; x, y, z of the first voxel's centre in the particle's coordinates; None: the file's own.
    labels_sha256, orientations_sha256
        Of the files; filled in where they are left out.
    boundary_exchange
        m/s; h of the flux h (x1 - x2) c_max between two grains; 0: nothing passes; None: boundaries do not hinder.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Grains(kind="random", number=40, anisotropy=100)
    Grains(kind='random', anisotropy=100.0, number=40)
    >>> aso.Particle.sphere("5 um", grains={"kind": "radial", "anisotropy": 10}).grains
    Grains(kind='radial', anisotropy=10.0)
    """

    kind: Literal["radial", "tangential", "random", "aligned", "volume", "mesh"]
    anisotropy: Anisotropy
    diffusivity: Literal["mean", "along", "across"] = "mean"
    number: fields.WholeNumber | None = None
    size: fields.Length | None = None
    seed: fields.WholeNumber = 0
    axis: tuple[fields.Direction, fields.Direction, fields.Direction] = (0.0, 0.0, 1.0)
    labels: str | None = None
    orientations: str | None = None
    voxel_size: fields.Length | None = None
    origin: tuple[Place, Place, Place] | None = None
    labels_sha256: str | None = None
    orientations_sha256: str | None = None
    boundary_exchange: Exchange | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "particle.grains"

    @model_validator(mode="before")
    @classmethod
    def _hashes(cls, keys: Any) -> Any:
        if not isinstance(keys, Mapping):
            return keys
        found = dict(keys)
        for name in _FILES:
            file, known = found.get(name), found.get(f"{name}_sha256")
            if isinstance(file, Path):
                file = found[name] = str(file)
            if isinstance(file, str) and file and not (known is not None and not Path(file).exists()):
                found[f"{name}_sha256"] = _unchanged(name, file, known)
        return found

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Self:
        for error in (self._needless(), self._missing(), self._out_of_range()):
            if error is not None:
                raise refusal(error)
        return self

    def _needless(self) -> InputError | None:
        taken = (*_OF_KIND[self.kind], *(f"{name}_sha256" for name in _OF_KIND[self.kind] if name in _FILES))
        for name, _ in self._given():
            if name in ("kind", "anisotropy", "diffusivity", "boundary_exchange") or name in taken:
                continue
            return InputError(
                f"grains of kind {self.kind!r} have no {name}",
                where=f"particle.grains.{name}",
                value=getattr(self, name),
                allowed=", ".join(taken) or "no keys of its own",
                next_step=f"remove {name}",
            )
        return None

    def _missing(self) -> InputError | None:
        if self.kind == "random" and not self.resolved:
            return InputError(
                "grains at random need their number or size",
                where="particle.grains.number",
                next_step="set number = 50, or size = '1 um'",
            )
        for name in _FILES if self.kind == "volume" else ():
            if getattr(self, name) is None:
                return InputError(f"measured grains need their {name}", where=f"particle.grains.{name}")
        if self.boundary_exchange is not None and not self.resolved:
            return InputError(
                "only grains that are resolved have boundaries",
                where="particle.grains.boundary_exchange",
                value=self.boundary_exchange,
                next_step="set number or size" if self.kind in _DRAWN else "remove it",
            )
        return None

    def _out_of_range(self) -> InputError | None:
        if self.number is not None and self.size is not None:
            return InputError("grains have a number or a size, not both", where="particle.grains.size", value=self.size)
        if self.number is not None and not 1 <= self.number <= _MOST:
            return InputError(
                "out of range", where="particle.grains.number", value=self.number, allowed=f"1 to {_MOST}"
            )
        if not any(self.axis):
            return InputError("an axis has a direction", where="particle.grains.axis", value=list(self.axis))
        if self.seed < 0:
            return InputError("out of range", where="particle.grains.seed", value=self.seed, allowed="0 or more")
        return None

    @property
    def resolved(self) -> bool:
        """Whether each grain has cells of its own."""
        return self.number is not None or self.size is not None or self.kind in ("volume", "mesh")

    @property
    def in_lengths(self) -> bool:
        """Whether lengths describe the grains or h beside a diffusivity, so that two sizes are not one mesh, scaled."""
        return self.size is not None or self.kind == "volume" or bool(self.boundary_exchange)

    @property
    def cheapest_model(self) -> Literal["radial", "axisymmetric", "3d"]:
        """The cheapest model whose coordinates the tensor has the symmetry of."""
        if self.resolved:
            return "3d"
        if self.kind == "aligned":
            return "axisymmetric" if self.axis[0] == self.axis[1] == 0.0 else "3d"
        return "radial"


def _unchanged(name: str, file: str, known: object) -> str:
    """Return the SHA-256 of a file; an error that pydantic reports where it is missing or another one."""
    try:
        if not Path(file).is_file():
            raise InputError("no such file", where=f"particle.grains.{name}", value=file)
        found = file_sha256(Path(file))
    except OSError as error:
        raise refusal(
            InputError("the file cannot be read", where=f"particle.grains.{name}", value=error.strerror)
        ) from None
    except InputError as error:
        raise refusal(error) from None
    if known not in (None, found):
        raise refusal(
            InputError(
                f"the {name} of the grains are not those that this case was made for",
                where=file,
                value=found,
                allowed=str(known),
                next_step=f"remove particle.grains.{name}_sha256 to use the file as it is now",
            )
        )
    return found
