"""Virtual scanning transmission X-ray microscopy: maps of the redox ratio along lines of sight."""
