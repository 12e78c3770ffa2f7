"""Events: one stream of them, and the metrics, journal and alerts that observe it."""
