"""Results of a run: the solution, its file, and its provenance."""
