"""The command line: parse, call the API, show what comes back."""
