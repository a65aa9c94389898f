"""Galvanostatic intermittent titration: simulated or measured pulses, apparent diffusivities and their bias."""
