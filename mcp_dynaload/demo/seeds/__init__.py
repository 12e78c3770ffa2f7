"""The contents of each part of a fresh demo workspace."""
