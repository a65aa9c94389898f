"""Impedance of a run: its states, their spectra with all parts, what is read off them, files."""
