"""Studies of many runs: sweeps, calibration, risk, particle sets, contact layouts, the demo, verification."""
