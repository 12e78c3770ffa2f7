"""Makes what the package carries: fitting, training and their data; in the repository, not in the wheel."""
