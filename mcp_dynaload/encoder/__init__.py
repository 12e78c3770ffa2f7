"""The small sentence encoder: texts to unit vectors, near to each other where the meaning is."""
