"""Which tools a prompt needs: pure functions from state and event to state and decision."""
