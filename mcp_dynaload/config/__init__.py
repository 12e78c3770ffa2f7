"""A user's settings, servers, categories, trust and paths: read and checked before anything starts."""
