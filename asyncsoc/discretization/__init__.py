"""Finite elements: the only room that knows dolfinx."""
