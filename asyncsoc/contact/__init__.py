"""Where the electrolyte touches the particle: contact areas per node at an exact coverage, without re-meshing."""
