"""What a run leaves behind: the solution, its file, and where it came from."""
