"""A single particle at one potential: the current or voltage constraint its protocol sets."""
