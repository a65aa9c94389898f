"""Tomography: labelled volume -> statistics, particles, tetrahedral meshes with contact labels."""
