"""Questions asked of many runs: sweeps, calibration, risk, particle sets, the demo, verification."""
