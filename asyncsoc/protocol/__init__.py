"""Protocols: text to steps."""
