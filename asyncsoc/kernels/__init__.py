"""Compiled numerics on plain arrays; the only room that knows numba."""
