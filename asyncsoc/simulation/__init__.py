"""Simulate one case: compose mesh, contact, material, protocol and integrator into a solution."""

from asyncsoc.simulation.run import simulate

__all__ = ["simulate"]
