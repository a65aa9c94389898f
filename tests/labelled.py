"""Particles with labels, as tests write them to files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.particle_files import write_particle


def write_labelled(mesh: ParticleMesh, path: Path, facet_data: Mapping[str, np.ndarray] | None = None) -> None:
    """Write a mesh with data on its facets: whole numbers are tags, others weights."""
    data = {name.removeprefix("weight of "): np.asarray(values) for name, values in (facet_data or {}).items()}
    weights = {name: values for name, values in data.items() if values.dtype.kind == "f"}
    tags = {name: values for name, values in data.items() if values.dtype.kind in "iu"}
    write_particle(replace(mesh, labels=FacetLabels(weights, tags)), path)
