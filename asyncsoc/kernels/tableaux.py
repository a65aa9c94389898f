"""Coefficients of linearly implicit Rosenbrock methods of the Rodas family, for index-1 DAE and parabolic problems.

Stage i solves (M/(gamma h) - J) k_i = f(y + sum_j a_ij k_j) + M sum_j c_ij k_j / h. The step is the last stage's
argument plus k_s, the embedded solution is that argument itself, so k_s is the error estimate. Both methods are
L-stable and stiffly accurate. With theta in [0, 1] the continuous solution is (1 - theta) y0 + theta (y1 + (1 -
theta) (d_0 + theta (d_1 + theta d_2))), d_m = sum_j h_mj k_j.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Tableau(NamedTuple):
    """A Rosenbrock method with s stages: a, c (s, s) strictly lower triangular, dense (3, s), gamma, orders and lead.

    A right-hand side that changes with time is taken at t + alpha_i h, its slope counted gamma_i h times: one that
    changes linearly is that at t + lead_i h, lead_i = alpha_i + gamma_i (s,).
    """

    a: Array
    c: Array
    dense: Array
    gamma: float
    order: int
    embedded_order: int
    lead: Array


def _lower(rows: list[list[float]]) -> Array:
    size = len(rows) + 1
    out = np.zeros((size, size))
    for i, row in enumerate(rows, start=1):
        out[i, : len(row)] = row
    return out


def _lead(a: Array, c: Array, gamma: float) -> Array:
    """Return alpha_i + gamma_i, the row sums of a G and G, where the inverse of G is 1/gamma - c."""
    g = np.linalg.inv(np.eye(len(a)) / gamma - c)
    total: Array = (a @ g + g).sum(axis=1)
    return total


def _method(a: Array, c: Array, dense: Array, gamma: float, order: int, embedded_order: int) -> Tableau:
    return Tableau(a, c, dense, gamma, order, embedded_order, _lead(a, c, gamma))


_RODAS5P_A5 = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]

RODAS5P = _method(
    a=_lower(
        [
            [3.0],
            [2.849394379747939, 0.45842242204463923],
            [-6.954028509809101, 2.489845061869568, -10.358996098473584],
            [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
            _RODAS5P_A5,
            [*_RODAS5P_A5, 1.0],
            [*_RODAS5P_A5, 1.0, 1.0],
        ]
    ),
    c=_lower(
        [
            [-14.155112264123755],
            [-17.97296035885952, -2.859693295451294],
            [147.12150275711716, -1.41221402718213, 71.68940251302358],
            [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
            [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
            [
                30.91273214028599,
                -3.1208243349937974,
                77.79954646070892,
                34.28646028294783,
                -19.097331116725623,
                -28.087943162872662,
            ],
            [
                37.80277123390563,
                -3.2571969029072276,
                112.26918849496327,
                66.9347231244047,
                -40.06618937091002,
                -54.66780262877968,
                -9.48861652309627,
            ],
        ]
    ),
    dense=np.array(
        [
            [
                25.948786856663858,
                -2.5579724845846235,
                10.433815404888879,
                -2.3679251022685204,
                0.524948541321073,
                1.1241088310450404,
                0.4272876194431874,
                -0.17202221070155493,
            ],
            [
                -9.91568850695171,
                -0.9689944594115154,
                3.0438037242978453,
                -24.495224566215796,
                20.176138334709044,
                15.98066361424651,
                -6.789040303419874,
                -6.710236069923372,
            ],
            [
                11.419903575922262,
                2.8879645146136994,
                72.92137995996029,
                80.12511834622643,
                -52.072871366152654,
                -59.78993625266729,
                -0.15582684282751913,
                4.883087185713722,
            ],
        ]
    ),
    gamma=0.21193756319429014,
    order=5,
    embedded_order=4,
)
"""Rodas5P: Steinebach, BIT Numer. Math. 63, 27 (2023), 10.1007/s10543-023-00967-x."""

_RODAS4P2_A4 = [7.089566927282776, 4.573591406461604, -8.423496976860259, -0.959280113459775]

RODAS4P2 = _method(
    a=_lower(
        [
            [3.0],
            [0.906377755268814, -0.189707390391685],
            [3.758617027739064, 1.161741776019525, -0.849258085312803],
            _RODAS4P2_A4,
            [*_RODAS4P2_A4, 1.0],
        ]
    ),
    c=_lower(
        [
            [-12.0],
            [-6.354581592719008, 0.338972550544623],
            [-8.575016317114033, -7.606483992117508, 12.224997650124820],
            [-5.888975457523102, -8.157396617841821, 24.805546872612922, 12.790401512796979],
            [-4.408651676063871, -6.692003137674639, 24.625568527593117, 16.627521966636085, -5.714285714285718],
        ]
    ),
    dense=np.array(
        [
            [-5.323528268423303, -10.042123754867493, 17.175254928256965, -5.079931171878093, -0.016185991706112, 0.0],
            [6.984505741529879, 6.914061169603662, -0.849178943070653, 18.104410789349338, -3.516963011559032, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        ]
    ),
    gamma=0.25,
    order=4,
    embedded_order=3,
)
"""Rodas4P2: Steinebach, in Progress in Differential-Algebraic Equations II (2020), 10.1007/978-3-030-53905-4_6."""
