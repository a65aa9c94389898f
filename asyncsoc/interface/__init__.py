"""Kinetics: material, electrolyte and temperature made into tables, and reference rates."""
