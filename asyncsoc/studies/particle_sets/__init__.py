"""Experiments made of many runs: whole sets of measured particles, and the ideal spheres beside them."""
