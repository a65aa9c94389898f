"""Readers of labelled volumes: one module per file format, all behind the guards of `guard`."""
