"""Label maps: which number in a file means which phase, always stated, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, ACTIVE_NAME, EXAMPLE_MAP, NAMES_IN_FILES, PHASES
from asyncsoc.tomography.readers.open import GREY_SCALE_TOOLS
from asyncsoc.tomography.readers.raw_volume import RawVolume

LabelMap = Mapping[str, Sequence[int]]
"""Label values of each phase name."""
_MANY = 32
"""More distinct values than this are taken for grey levels."""


def parse_labels(text: str, where: str = "--labels") -> dict[str, tuple[int, ...]]:
    """Return the label map written as `EXAMPLE_MAP`; several values are joined by ``+`` (``cbd=2+3``).

    Raises
    ------
    InputError
        An unknown phase, a value that is not an integer, a phase or value given twice, no active material.
    """
    out: dict[str, tuple[int, ...]] = {}
    for part in text.split(","):
        name, equals, values = part.partition("=")
        phase = name.strip().lower()
        if phase not in PHASES:
            raise unknown_name("phase", name.strip(), PHASES, where=where)
        try:
            numbers = tuple(int(v) for v in values.split("+")) if equals else ()
        except ValueError:
            numbers = ()
        if not numbers or phase in out:
            raise InputError(
                "a phase given twice" if phase in out else "a label is not a whole number", where=where,
                value=part.strip(), allowed=EXAMPLE_MAP,
            )  # fmt: skip
        out[phase] = numbers
    return check_labels(out, where)


def check_labels(labels: LabelMap, where: str = "labels") -> dict[str, tuple[int, ...]]:
    """Return `labels` after checking that the names are phases, no value means two, the active material not alone."""
    for name in labels:
        if name not in PHASES:
            raise unknown_name("phase", name, PHASES, where=where)
    out = {name: tuple(int(v) for v in values) for name, values in labels.items()}
    flat = [v for values in out.values() for v in values]
    if len(set(flat)) != len(flat):
        raise InputError("one label value is given to two phases", where=where, value=out)
    if ACTIVE_NAME not in out or len(out) < 2:
        raise InputError(
            f"labels must name {ACTIVE_NAME} and at least one other phase", where=where, value=out, allowed=EXAMPLE_MAP
        )
    return out


def labels_of_file(raw: RawVolume) -> dict[str, tuple[int, ...]]:
    """Return the label map a file states by the names of its materials.

    Raises
    ------
    InputError
        The file names no labels, or names that are not phases; the message lists the values found.
    """
    named: dict[str, list[int]] = {}
    for name, value in (raw.label_names or {}).items():
        for phase, aliases in NAMES_IN_FILES.items():
            if name.strip().lower() in aliases:
                named.setdefault(phase, []).append(value)
    if (
        raw.label_names
        and {"pore", ACTIVE_NAME} <= set(named)
        and sum(len(v) for v in named.values()) == len(raw.label_names)
    ):
        return check_labels({k: tuple(v) for k, v in named.items()}, str(raw.path))
    values, counts = census(raw)
    shown = ", ".join(f"{v} ({100 * c / counts.sum():.2f} %)" for v, c in zip(values, counts, strict=True))
    names = f"; names in the file: {', '.join(raw.label_names)}" if raw.label_names else ""
    raise InputError(
        "what the labels mean must be stated", where=str(raw.path), value=f"values found: {shown}{names}",
        next_step=f"give --labels, for example {EXAMPLE_MAP}",
    )  # fmt: skip


def census(raw: RawVolume) -> tuple[list[int], NDArray[np.int64]]:
    """Return the label values in a file and how many voxels have each; refuses grey-scale data."""
    totals: dict[int, int] = {}
    for _, _, slab in raw.slabs():
        values, counts = np.unique(slab, return_counts=True)
        _refuse_grey(values, raw)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            totals[int(value)] = totals.get(int(value), 0) + count
        _refuse_grey(np.array(list(totals)), raw)
    keys = sorted(totals)
    return keys, np.array([totals[k] for k in keys], np.int64)


def _refuse_grey(values: NDArray[Any], raw: RawVolume) -> None:
    numbers = np.asarray(values, dtype=np.float64)
    if len(values) > _MANY or not np.all(np.isfinite(numbers)) or not np.all(numbers == np.round(numbers)):
        raise InputError(
            "the volume holds grey levels, not labels", where=str(raw.path),
            value=f"{len(values)} distinct values in {raw.dtype}", allowed=f"at most {_MANY} whole numbers",
            next_step=f"segment it first into pore, active material and CBD, for example with {GREY_SCALE_TOOLS}",
        )  # fmt: skip


def to_phases(raw: RawVolume, labels: LabelMap) -> NDArray[np.uint8]:
    """Return the phase code of every voxel, reading the file slab by slab (one byte per voxel is held).

    Raises
    ------
    InputError
        Grey levels, a value that the label map does not name, or no active material at all.
    """
    checked = check_labels(labels)
    codes = {value: PHASES.index(phase) for phase, values in checked.items() for value in values}
    out = np.empty(raw.shape, np.uint8)
    seen = np.zeros(len(PHASES), np.int64)
    for start, stop, slab in raw.slabs():
        values, inverse = _unique(slab)
        _refuse_grey(values, raw)
        unknown = [v for v in values.tolist() if v not in codes]
        if unknown:
            raise InputError(
                "the volume has labels that the label map does not name", where=str(raw.path),
                value=[int(v) for v in unknown][:10], allowed=", ".join(f"{v} ({PHASES[c]})" for v, c in codes.items()),
                next_step="name every label; give what is to be left out to 'outside'",
            )  # fmt: skip
        table = np.array([codes[v] for v in values.tolist()], np.uint8)
        out[start:stop] = table[inverse].reshape(slab.shape)
        seen += np.bincount(out[start:stop].ravel(), minlength=len(PHASES))[: len(PHASES)]
    if seen[ACTIVE_MATERIAL] == 0:
        raise InputError(
            "no voxel has the label of the active material", where=str(raw.path), value=dict(checked),
            next_step="check the label map",
        )  # fmt: skip
    if seen[ACTIVE_MATERIAL] == seen.sum():
        raise InputError("the whole volume is active material", where=str(raw.path), next_step="check the label map")
    return out


def _unique(slab: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return distinct values and the index of each voxel's value; by table for small integers, which is faster."""
    if slab.dtype.kind in "bui" and slab.dtype.itemsize <= 2:
        width = slab.dtype.itemsize
        native = np.ascontiguousarray(slab, slab.dtype.newbyteorder("="))
        narrow: NDArray[Any] = native.view(np.uint8 if width == 1 else np.uint16).ravel()
        present = np.flatnonzero(np.bincount(narrow, minlength=1))
        lookup = np.zeros(256**width, np.int32)
        lookup[present] = np.arange(len(present))
        return present.astype(narrow.dtype).view(native.dtype), lookup[narrow]
    values, inverse = np.unique(slab, return_inverse=True)
    return values, inverse.ravel()
