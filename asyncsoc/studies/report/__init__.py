"""One self-contained HTML page about results: what was asked, what came out, and how to check it."""
