"""Symmetric matrices whose rows sum to zero, as couplings g_ij = -a_ij, split so that a sweep reads only its half.

A cache line holds five entries: were the two halves of a row beside each other, each sweep would fetch both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic
from numpy.typing import NDArray

from asyncsoc.base.lanes import pointer, splat

AHEAD = 512
"""Entries between what is read and what is prefetched: 4 kB of a matrix that is swept through."""


class SparseRows(NamedTuple):
    """Rows of a sparse matrix in CSR.

    Attributes
    ----------
    indptr : (n + 1,)
        Start of each row, and the end of the last.
    indices, data : (nnz,)
        Columns and entries.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    data: NDArray[np.float64]


class Couplings(NamedTuple):
    """A symmetric matrix A = D - G - G' (n rows).

    Attributes
    ----------
    below : (n rows)
        G, the couplings -a_ij with j < i, columns ascending.
    above : (n rows)
        G', those with j > i, columns descending: in either sweep the neighbor that was updated last is read last.
    diagonal : (n,)
        D.
    """

    below: SparseRows
    above: SparseRows
    diagonal: NDArray[np.float64]


def _ask_for(builder: Any, place: Any) -> None:
    """Let the processor fetch what it is about to read; that may lie outside all arrays."""
    address, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    signature = ir.FunctionType(ir.VoidType(), [address, number, number, number])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", [address], signature)
    builder.call(prefetch, [builder.bitcast(place, address), *(ir.Constant(number, k) for k in (0, 2, 1))])


def _row_sum(context: Any, builder: Any, sig: Any, args: Any, term: Callable[[Any], Any]) -> Any:
    """Return code for start + the sum over a row of entry * term(v_j).

    Written for the compiler because a function in Python that loops is not inlined before references to its arrays
    are counted, which costs ten times the arithmetic. The sum runs in two halves, which a processor can overlap.
    """
    start, indptr, indices, data, row, v, ahead = args
    kinds = dict(zip((indptr, indices, data, v), (sig.args[k] for k in (1, 2, 3, 5)), strict=True))

    def read(array: Any, place: Any) -> Any:
        return builder.load(pointer(context, builder, kinds[array], array, types.intp, place), align=8)

    def read_int(array: Any, place: Any) -> Any:
        number = builder.load(pointer(context, builder, kinds[array], array, types.intp, place), align=4)
        return builder.sext(number, place.type)

    def product(q: Any) -> Any:
        entry, value = read(data, q), term(read(v, read_int(indices, q)))
        return builder.fmul(entry if value.type == entry.type else splat(builder, entry), value)

    def add(sum_: Any, q: Any) -> None:
        builder.store(builder.fadd(builder.load(sum_), product(q)), sum_)

    row = context.cast(builder, row, sig.args[4], types.intp)
    one = ir.Constant(row.type, 1)
    begin, end = read_int(indptr, row), read_int(indptr, builder.add(row, one))
    further = builder.add(begin, context.cast(builder, ahead, sig.args[6], types.intp))
    for array in (data, indices):
        _ask_for(builder, pointer(context, builder, kinds[array], array, types.intp, further))
    odd = builder.and_(builder.sub(end, begin), one)
    first = cgutils.alloca_once_value(builder, start)
    second = cgutils.alloca_once_value(builder, ir.Constant(start.type, None))
    with cgutils.for_range_slice(builder, begin, builder.sub(end, odd), ir.Constant(row.type, 2)) as (q, _):
        add(second, q)
        add(first, builder.add(q, one))
    with builder.if_then(cgutils.is_not_null(builder, odd)):
        add(first, builder.sub(end, one))
    return builder.fadd(builder.load(first), builder.load(second))


def _type_add_row(_: Any, start: Any, indptr: Any, indices: Any, data: Any, row: Any, v: Any, ahead: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _row_sum(context, builder, sig, args, lambda value: value)

    return start(start, indptr, indices, data, row, v, ahead), generate


def _type_add_flow(_: Any, start: Any, indptr: Any, indices: Any, data: Any, row: Any, v: Any, ahead: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        here = builder.load(pointer(context, builder, sig.args[5], args[5], sig.args[4], args[4]), align=8)
        return _row_sum(context, builder, sig, args, lambda value: builder.fsub(value, here))

    return start(start, indptr, indices, data, row, v, ahead), generate


add_row: Any = intrinsic(_type_add_row)
"""add_row(start, indptr, indices, data, i, v, ahead): start + sum_j a_ij v_j over row i of a matrix in CSR.

The memory that lies `ahead` entries further is prefetched, so that a sweep through a matrix larger than the caches does
not wait for it: `AHEAD` where rows follow upon each other, -AHEAD where they run from the last to the first, else 0.
"""
add_flow: Any = intrinsic(_type_add_flow)
"""add_flow(start, indptr, indices, data, i, v, ahead): start + sum_j a_ij (v_j - v_i), otherwise as `add_row`."""
