"""Faults on purpose: real servers that misbehave behind the real program, while clients go on calling."""
