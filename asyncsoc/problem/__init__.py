"""The problem between a case and the integrator: meshes with operators, particles, groups, constraints and events."""
