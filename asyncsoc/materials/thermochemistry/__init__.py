"""Pseudo-binary reaction energies of a cathode and an electrolyte, and how fast they let the electrolyte decompose."""
