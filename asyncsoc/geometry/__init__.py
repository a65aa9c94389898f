"""Particle meshes: what they are, how good they are, the built-in spheres, and reading them from files."""
