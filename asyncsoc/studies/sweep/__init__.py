"""Thousands of cases: axes to cases, runners that lose nothing, one data set at the end."""
