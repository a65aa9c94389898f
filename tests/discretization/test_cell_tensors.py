"""Diffusion that depends on direction from cell to cell: the operators of linear functions are known exactly."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from asyncsoc.base.errors import InputError
from asyncsoc.discretization.assembly import assemble
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import ParticleMesh


def random_tensors(count: int, size: int, seed: int = 1) -> np.ndarray:
    """Symmetric positive definite, with eigenvalues between 0.1 and 10."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.standard_normal((count, size, size)))
    return np.einsum("cij,cj,ckj->cik", turned, 10.0 ** rng.uniform(-1.0, 1.0, (count, size)), turned)


def matrix(operators: Operators) -> sp.csr_matrix:
    return sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr))


@pytest.fixture(scope="module", params=["sphere-3d-coarse", "sphere-axisymmetric-coarse", "sphere-radial-coarse"])
def mesh(request: pytest.FixtureRequest) -> ParticleMesh:
    return load_builtin(request.param)


def test_the_identity_gives_the_operators_without_a_tensor(mesh: ParticleMesh) -> None:
    d = mesh.points.shape[1]
    plain, same = assemble(mesh), assemble(mesh, np.broadcast_to(np.eye(d), (len(mesh.cells), d, d)))
    np.testing.assert_allclose(same.stiffness, plain.stiffness, rtol=1e-12, atol=1e-14 * np.abs(plain.stiffness).max())
    np.testing.assert_array_equal(same.mass, plain.mass)


def test_energy_of_a_linear_function_is_that_of_its_cells() -> None:
    """u = g.x has u'K u = sum over cells of V g.A g."""
    mesh = load_builtin("sphere-3d-coarse")
    tensor = random_tensors(len(mesh.cells), 3)
    stiffness = matrix(assemble(mesh, tensor))
    volumes = cell_measures(mesh)
    for g in np.random.default_rng(2).standard_normal((4, 3)):
        u = mesh.points @ g
        assert u @ (stiffness @ u) == pytest.approx(np.einsum("c,i,cij,j", volumes, g, tensor, g), rel=1e-12)


def test_every_row_keeps_lithium_and_the_matrix_is_symmetric(mesh: ParticleMesh) -> None:
    stiffness = matrix(assemble(mesh, random_tensors(len(mesh.cells), mesh.points.shape[1])))
    assert abs(stiffness - stiffness.T).max() == 0.0
    assert np.abs(stiffness @ np.ones(mesh.n_nodes)).max() < 1e-13 * abs(stiffness).max()


def test_a_tensor_belongs_to_its_own_cell() -> None:
    """Lithium that moves in one cell alone leaves the rows of all other nodes without it."""
    mesh = load_builtin("sphere-axisymmetric-coarse")
    tensor = np.broadcast_to(np.eye(2), (len(mesh.cells), 2, 2)).copy()
    cell = 137
    tensor[cell] *= 5.0
    changed = (matrix(assemble(mesh, tensor)) - matrix(assemble(mesh))).tocoo()
    large = np.abs(changed.data) > 1e-9 * np.abs(changed.data).max()
    assert set(changed.row[large].tolist()) == set(mesh.cells[cell].tolist())


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (np.ones((3, 2, 2)), "wrong shape"),
        (np.full((1, 2, 2), np.nan), "not finite"),
        (np.array([[[1.0, 0.5], [0.1, 1.0]]]), "cell 0 is not symmetric"),
        (np.array([[[1.0, 2.0], [2.0, 1.0]]]), "not symmetric and positive definite"),
    ],
)
def test_what_is_no_diffusivity_is_refused(tensor: np.ndarray, says: str) -> None:
    mesh = load_builtin("sphere-axisymmetric-coarse")
    given = np.broadcast_to(tensor, (len(mesh.cells), 2, 2)) if len(tensor) == 1 else tensor
    with pytest.raises(InputError, match=says):
        assemble(mesh, given)
