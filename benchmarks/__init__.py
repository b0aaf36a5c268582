"""Benchmarks: payrules beside what it is measured against, in one run. Start with `python benchmarks/run.py`."""
