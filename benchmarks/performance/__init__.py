"""The performance suite: one module a question, answers asserted before any time is shown.

`python -m benchmarks.performance` runs all of it; `make bench` its quick form.
"""
