"""What tools exist: definitions, names, token costs."""
