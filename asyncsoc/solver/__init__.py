"""The adaptive integrator, its events and callbacks."""
