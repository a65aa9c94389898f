"""Cathode and electrolyte parameter sets, one module per source."""
