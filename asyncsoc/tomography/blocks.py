"""Split a large volume block by block, with the same result as in one piece.

Each block is split together with a halo around it and keeps the particles whose centroid lies in its core. Every
particle then has one owner, provided that the halo holds the particle and what decides about it: its neighbors.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL
from asyncsoc.tomography.split import DEFAULT_DEPTH, Particles, gather, split_mask
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxel_counts import paste_owned, renumber, tally

Progress = Callable[[int, int], None]
DEFAULT_BLOCK = 256
"""Default edge of a block's core [voxel]."""
DEFAULT_HALO = 48
"""Default halo [voxel]; it grows where a particle does not fit."""
BYTES_PER_VOXEL = 30
"""Memory the split of one block takes, per voxel of core and halo."""
_TOLERATED = 1e-4


@dataclass(frozen=True)
class _Block:
    low: tuple[int, int, int]
    high: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class _Owned:
    """A block's result: local labels, and for each label its rank among the owned ones (0: not owned)."""

    window: tuple[slice, slice, slice]
    labels: NDArray[np.int32]
    rank: NDArray[np.int32]
    halo: int

    @property
    def n(self) -> int:
        return int(self.rank.max(initial=0))


def split_blocks(
    volume: LabelVolume,
    depth: float = DEFAULT_DEPTH,
    *,
    block: int = DEFAULT_BLOCK,
    halo: int = DEFAULT_HALO,
    workers: int = 1,
    ids_file: Path | None = None,
    progress: Progress | None = None,
) -> Particles:
    """Return the particles of a volume, split in blocks.

    Parameters
    ----------
    volume
        The labelled volume.
    depth
        As of `split_mask` [voxel].
    block, halo
        Edge of a block's core and width of the halo [voxel]. A block one of whose own particles reaches the end of
        its halo is done again with a wider one.
    workers
        Blocks at a time (threads: the compiled passes release the interpreter).
    ids_file
        Keep the particle numbers in this .npy file (4 bytes a voxel) instead of in memory.
    progress
        Called with blocks done and blocks in all.

    Raises
    ------
    InputError
        A block or halo that is not positive.
    SimulationError
        Blocks disagree about more than 1e-4 of the active material although the halo was widened.
    """
    if block < 16 or halo < 4:
        raise InputError(
            "block or halo too small", where="block, halo (--block, --halo)", value=(block, halo),
            allowed="block >= 16, halo >= 4 voxels",
        )  # fmt: skip
    mask_count = sum(int(np.count_nonzero(volume.phases[z] == ACTIVE_MATERIAL)) for z in range(volume.shape[0]))
    n, taken, missing, widest = 0, 0, 0, halo
    for _ in range(3):
        ids = _storage(volume.shape, ids_file)
        n, taken, widest = _pass(volume, ids, depth, block, halo, workers, progress)
        labelled = sum(int(np.count_nonzero(ids[z])) for z in range(volume.shape[0]))
        missing = mask_count - labelled
        if taken + missing <= _TOLERATED * mask_count:
            break
        halo = math.ceil(1.5 * max(halo, widest))
    else:
        raise SimulationError(
            "the blocks do not agree about the particles", where="split_blocks",
            value=f"{taken} voxels claimed twice, {missing} by no block, halo {halo}",
            next_step="use a larger --halo and --block, or a larger --split-depth",
        )  # fmt: skip
    n = int(renumber(ids, n))
    settings = {
        "method": "watershed",
        "split depth [voxel]": float(depth),
        "blocks": True,
        "block [voxel]": block,
        "halo [voxel]": widest,
        "voxels claimed by two blocks": taken,
        "voxels claimed by no block": missing,
    }
    return gather(ids, n, settings)


def _storage(shape: tuple[int, int, int], file: Path | None) -> NDArray[np.int32]:
    if file is None:
        return np.zeros(shape, np.int32)
    out: NDArray[np.int32] = np.lib.format.open_memmap(file, mode="w+", dtype=np.int32, shape=shape)
    return out


def _blocks(shape: tuple[int, int, int], block: int) -> list[_Block]:
    starts = [range(0, n, block) for n in shape]
    return [
        _Block((z, y, x), (min(z + block, shape[0]), min(y + block, shape[1]), min(x + block, shape[2])))
        for z, y, x in itertools.product(*starts)
    ]


def _pass(
    volume: LabelVolume, ids: NDArray[np.int32], depth: float, block: int, halo: int, workers: int,
    progress: Progress | None,
) -> tuple[int, int, int]:  # fmt: skip
    """Split every block once; return particles, voxels claimed twice, widest halo used."""
    blocks = _blocks(volume.shape, block)
    total = taken = 0
    widest = halo
    for done, owned in enumerate(_results(volume, blocks, depth, halo, workers), start=1):
        number = np.where(owned.rank > 0, owned.rank + total, 0).astype(np.int32)
        taken += int(paste_owned(owned.labels, number, ids[owned.window]))
        total += owned.n
        widest = max(widest, owned.halo)
        if progress is not None:
            progress(done, len(blocks))
    return total, taken, widest


def _results(volume: LabelVolume, blocks: list[_Block], depth: float, halo: int, workers: int) -> Iterator[_Owned]:
    if workers <= 1:
        for b in blocks:
            yield _split_block(volume, b, depth, halo)
        return
    # No more blocks in flight than workers: each holds a block in memory.
    with ThreadPoolExecutor(workers) as pool:
        queue = iter(blocks)
        running: set[Future[_Owned]] = {
            pool.submit(_split_block, volume, b, depth, halo) for b in itertools.islice(queue, workers)
        }
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                following = next(queue, None)
                if following is not None:
                    running.add(pool.submit(_split_block, volume, following, depth, halo))
                yield future.result()


def _split_block(volume: LabelVolume, block: _Block, depth: float, halo: int) -> _Owned:
    """Split a block with its halo, widening the halo until every particle it owns ends inside."""
    shape = volume.shape
    while True:
        low = [max(0, a - halo) for a in block.low]
        high = [min(n, b + halo) for n, b in zip(shape, block.high, strict=True)]
        window = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
        mask = volume.phases[window] == ACTIVE_MATERIAL
        if not mask.any():
            return _Owned(window, np.zeros(mask.shape, np.int32), np.zeros(1, np.int32), halo)
        whole = all(a == 0 for a in low) and all(b == n for b, n in zip(high, shape, strict=True))
        if mask.all() and not whole:
            halo = math.ceil(1.5 * halo)
            continue
        labels, n = split_mask(mask, depth)
        count, sums, first, last = tally(labels, n)
        start = np.array(low)
        place = sums + start * count[:, None]
        core = (place >= np.array(block.low) * count[:, None]) & (place < np.array(block.high) * count[:, None])
        owned = core.all(axis=1) & (count > 0)
        cut = (np.array(low) > 0) & (first <= 0) | (np.array(high) < shape) & (last >= np.array(mask.shape) - 1)
        if not (owned & cut.any(axis=1)).any():
            return _Owned(window, labels, np.where(owned, np.cumsum(owned), 0).astype(np.int32), halo)
        halo = math.ceil(1.5 * halo)
