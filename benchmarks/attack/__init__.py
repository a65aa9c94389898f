"""Attack the command line: mutated inputs of every kind, and signals at random moments."""
