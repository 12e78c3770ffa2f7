"""The surfaces: what a kind of client is shown, an object for each."""
