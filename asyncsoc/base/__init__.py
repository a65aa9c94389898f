"""What every room uses: errors, units, the environment, files, processes, compiled code."""
