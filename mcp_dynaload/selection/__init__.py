"""Which tools a session has loaded: pure functions from state and action to state and decision."""
