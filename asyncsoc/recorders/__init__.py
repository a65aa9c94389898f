"""Recorders of a run: curves, snapshots and the side reaction, and the functions of arrays from which they follow."""
