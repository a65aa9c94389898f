"""Closed forms, manufactured solutions, what `asyncsoc verify` runs, and the instant estimate."""
