"""Measures an installation: what works, how fast, under load, and what that is worth in points."""
