"""Figures from arrays and curves: matplotlib figures without global state, and pyvista meshes where asked for."""
