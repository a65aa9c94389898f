"""The contact-corrected model: a partly covered particle as a sphere that other programs can compute."""
