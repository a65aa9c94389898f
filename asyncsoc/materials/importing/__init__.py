"""Positive electrodes described by other programs, read into plain data with a record of what became of each value."""
