"""Measures what the real client asks of its model, with us and in the set-ups beside us."""
