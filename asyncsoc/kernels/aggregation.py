"""Neighbors summed into aggregates: the first half of a multigrid level."""

from __future__ import annotations

import numpy as np

from asyncsoc.base.compiling import kernel


@kernel
def aggregate(indptr, indices, data, strong):
    """Return the aggregate (n,) int32 of each row of a symmetric matrix in CSR, and their number.

    A row whose strong neighbors are all free takes them in; what is left over joins the aggregate to which it couples
    most, and what has no such neighbor forms its own. A neighbor is strong where -a_ij > `strong` max_k(-a_ik).
    After Vanek, Mandel and Brezina, Computing 56, 179 (1996), 10.1007/BF02238511.
    """
    n = indptr.size - 1
    member = np.full(n, -1, dtype=np.int32)
    least = np.zeros(n)
    count = 0
    for i in range(n):
        largest = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            if indices[q] != i:
                largest = max(largest, -data[q])
        least[i] = strong * largest
    for i in range(n):
        free, neighbors = member[i] < 0, 0
        for q in range(indptr[i], indptr[i + 1]):
            if free and indices[q] != i and -data[q] > least[i]:
                neighbors += 1
                free = member[indices[q]] < 0
        if free and neighbors > 0:
            member[i] = count
            for q in range(indptr[i], indptr[i + 1]):
                if indices[q] != i and -data[q] > least[i]:
                    member[indices[q]] = count
            count += 1
    seeded = member.copy()
    for i in range(n):
        if member[i] >= 0:
            continue
        largest = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            if seeded[indices[q]] >= 0 and -data[q] > largest:
                largest = -data[q]
                member[i] = seeded[indices[q]]
        if member[i] < 0:
            member[i] = count
            count += 1
    return member, count
