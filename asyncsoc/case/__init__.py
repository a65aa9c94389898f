"""The case: one run described, validated and hashed; data only."""
