"""The adaptive integrator, its events and observers."""
