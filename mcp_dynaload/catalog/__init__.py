"""The tools that exist: definitions, names, token costs."""
