"""Kinetic constants fitted to measured curves, with what the fit is worth."""
