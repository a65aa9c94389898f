"""The particle, as a case describes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import PrivateAttr, model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.arrays import held, hold
from asyncsoc.case.fields import refusal
from asyncsoc.case.grains import Grains
from asyncsoc.case.marks import check_marks
from asyncsoc.case.section import Number, Section

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from asyncsoc.geometry.mesh import ParticleMesh

_MOST_EDGE_LEVELS = 12
_MOST_LAYER_DECADES = 6
DEFAULT_RADIUS = 7.5e-6
"""m: half of the 10-20 um secondary particles of commercial layered oxides."""


class Particle(Section):
    """The particle.

    Attributes
    ----------
    shape
        "sphere"; "mesh", read from `file`; or "arrays", given by `from_arrays`.
    radius
        m; of a sphere.
    file
        Mesh file, for shape "mesh"; in a case file relative to it.
    length_unit
        m per unit of length in the mesh file: 'um', or '398 nm' for a mesh in voxels.
    sha256
        Of the mesh file, or of the arrays; filled in from the file where it is left out.
    model
        "radial", "axisymmetric", "3d", or "auto": the cheapest that can represent the contact.
    mesh
        "draft", "coarse", "default" or "fine" built-in mesh.
    edge_levels
        How often the cells of a sphere along the edge of its contact are halved; None: as the protocol needs.
    layer_decades
        Powers of ten by which the outermost layer of a sphere's mesh is thinner; None: as the currents of the protocol
        need. An impedance at high frequencies needs more: `asyncsoc eis` sets it.
    grains
        Anisotropic grains and their boundaries; None: diffusion is isotropic.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Particle.sphere("5 um", mesh="coarse")
    Particle(radius=5e-06, mesh='coarse')
    """

    shape: Literal["sphere", "mesh", "arrays"] = "sphere"
    radius: fields.Length | None = None
    file: str | None = None
    length_unit: fields.LengthUnit | None = None
    sha256: str | None = None
    model: Literal["auto", "radial", "axisymmetric", "3d"] = "auto"
    mesh: Literal["draft", "coarse", "default", "fine"] = "default"
    edge_levels: fields.WholeNumber | None = None
    layer_decades: fields.WholeNumber | None = None
    grains: Grains | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None
    _arrays: Any = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _derived_keys(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        shape, file = keys.get("shape", "sphere"), keys.get("file")
        if shape == "sphere" and keys.get("radius") is None:
            return {**keys, "radius": DEFAULT_RADIUS}
        complete = keys.get("length_unit") is not None and keys.get("radius") is None
        if shape == "mesh" and isinstance(file, str) and file and complete:
            return {**keys, "sha256": _file_sha256(file, keys.get("sha256"))}
        return keys

    @model_validator(mode="after")
    def _shape_has_its_keys(self) -> Self:
        for error in (self._needless_key(), self._missing_key()):
            if error is not None:
                raise refusal(error)
        check_marks(self.section_name(), self.fitted, self.fitted_to, ("radius",))
        return self

    def model_post_init(self, _: Any) -> None:
        """Hold on to the arrays, so that they can be found as long as this particle exists."""
        if self.shape == "arrays" and self.sha256:
            try:
                self._arrays = held(self.sha256)
            except InputError as error:
                raise refusal(error) from None

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Arrive in another process, arrays included."""
        super().__setstate__(state)
        if self._arrays is not None:
            hold(self._arrays)

    def _missing_key(self) -> InputError | None:
        if self.shape == "mesh" and not self.file:
            return InputError("a mesh particle needs its file", next_step="set file = 'particle.vtu'")
        if self.shape == "mesh" and self.length_unit is None:
            return InputError(
                "a mesh file does not say in which unit its lengths are",
                where="particle.length_unit",
                allowed="'um', 'nm', 'm', or a length such as '398 nm'",
                next_step="set length_unit = 'um' ('m' for files that asyncsoc wrote)",
            )
        if self.shape == "arrays" and not self.sha256:
            return InputError("arrays come from Python", next_step="use Particle.from_arrays, or shape = 'mesh'")
        return None

    def _needless_key(self) -> InputError | None:
        if self.shape == "sphere" and self.file is not None:
            return InputError("a sphere has no mesh file", value=self.file, next_step="set shape = 'mesh'")
        if self.shape != "sphere" and self.radius is not None:
            return InputError("a mesh particle has no radius", value=self.radius, next_step="remove radius")
        if self.shape != "mesh" and self.length_unit is not None:
            return InputError("only a mesh file has a unit of length", where="particle.length_unit")
        if self.shape == "sphere" and self.sha256 is not None:
            return InputError("a sphere has no mesh file", where="particle.sha256", next_step="remove sha256")
        if self.shape != "sphere" and self.mesh != "default":
            return InputError(
                "the particle brings its own mesh", where="particle.mesh", value=self.mesh, next_step="remove mesh"
            )
        for key in ("edge_levels", "layer_decades"):
            if self.shape != "sphere" and getattr(self, key) is not None:
                return InputError(
                    "the particle brings its own mesh",
                    where=f"particle.{key}",
                    value=getattr(self, key),
                    next_step=f"remove {key}",
                )
        if self.grains is not None and self.grains.kind == "mesh" and self.shape != "mesh":
            return InputError(
                "grains on the cells of a mesh need a mesh file",
                where="particle.grains.kind",
                value=f"mesh, of shape {self.shape}",
                next_step="set particle.shape = 'mesh', or another kind of grains",
            )
        if self.layer_decades is not None and not 0 <= self.layer_decades <= _MOST_LAYER_DECADES:
            return InputError(
                "out of range",
                where="particle.layer_decades",
                value=self.layer_decades,
                allowed=f"0 to {_MOST_LAYER_DECADES}",
                next_step="leave it out: the protocol then decides",
            )
        if self.edge_levels is not None and not 0 <= self.edge_levels <= _MOST_EDGE_LEVELS:
            return InputError(
                "out of range",
                where="particle.edge_levels",
                value=self.edge_levels,
                allowed=f"0 to {_MOST_EDGE_LEVELS}",
                next_step="leave it out: the protocol then decides",
            )
        return None

    @classmethod
    def sphere(cls, radius: Number = DEFAULT_RADIUS, **keys: Any) -> Self:
        """Return a sphere of `radius` [m, or text with a unit]."""
        return cls(shape="sphere", radius=radius, **keys)

    @classmethod
    def from_file(cls, file: str | Path, length_unit: Number, **keys: Any) -> Self:
        """Return the particle in a mesh file; `length_unit` is 'um', or any length that one unit of it stands for."""
        return cls(shape="mesh", file=str(file), length_unit=length_unit, **keys)

    @classmethod
    def from_arrays(
        cls,
        points: ArrayLike,
        cells: ArrayLike,
        facets: ArrayLike | None = None,
        weights: ArrayLike | Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Return a particle made of arrays; they live as long as a particle or case with them does.

        Parameters
        ----------
        points : (n, 3), m
            Node coordinates.
        cells : (n_cells, 4)
            Tetrahedra.
        facets : (n_facets, 3)
            The triangles of the surface, all of them, in any order.
        weights : (n_facets,)
            Share of each facet in contact, in [0, 1], for `Contact.labels()`; or a mapping from label to such shares.

        Raises
        ------
        InputError
            The arrays are no sound particle.
        """
        from asyncsoc.geometry.from_arrays import from_arrays
        from asyncsoc.geometry.soundness import check_size

        mesh = hold(from_arrays(points, cells, facets, weights))
        check_size(mesh)
        return cls(shape="arrays", sha256=mesh.labelled_sha256)

    @property
    def labelled(self) -> ParticleMesh:
        """The particle's arrays with their labels, for shape "arrays"."""
        if self._arrays is None:
            raise InputError("only a particle made of arrays holds them", where="particle.shape", value=self.shape)
        found: ParticleMesh = self._arrays
        return found

    def surface(self) -> ParticleMesh:
        """Return the 3-D mesh whose surface carries contacts given by position [m]: points, facets, their areas.

        Of a sphere the built-in 3-D mesh; `Contact.from_weights` takes its facets or nodes in this order.

        Raises
        ------
        InputError
            A sphere with a model that is not 3-D, or a mesh file that is unsound or another one.
        """
        from asyncsoc.case.surface import surface_of

        return surface_of(self).mesh

    def saved(self, path: str | Path) -> Self:
        """Write the arrays of this particle to a VTU or VTKHDF file and return the particle as one of shape "mesh".

        Raises
        ------
        InputError
            The particle is not made of arrays, or the file cannot be written.
        """
        from asyncsoc.geometry.particle_files import write_particle

        write_particle(self.labelled, path)
        return self.from_file(path, 1.0, model=self.model)


def _file_sha256(file: str, known: object) -> object:
    """Return the SHA-256 of a mesh file; where it is known already, the file may have changed or be elsewhere."""
    if known is not None and not Path(file).exists():
        return known
    from asyncsoc.geometry.particle_files import mesh_file_sha256

    try:
        found = mesh_file_sha256(Path(file))
    except InputError as error:
        error.where = f"particle.file, {error.where}"
        raise refusal(error) from None
    if known not in (None, found):
        raise refusal(
            InputError(
                "the mesh file is not the one this case was made for",
                where=file,
                value=found,
                allowed=str(known),
                next_step="remove particle.sha256 to use the file as it is now",
            )
        )
    return found
