"""What happens, told once: one stream of facts, and the metrics, journal and alerts that observe it."""
