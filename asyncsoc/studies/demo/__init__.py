"""Runs made for readers: the demo, its headline numbers, its pictures."""
