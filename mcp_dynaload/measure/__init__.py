"""Measures what we do: the choice, an installation, and ourselves beside peers."""
