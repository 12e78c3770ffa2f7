"""How long a test waits before it is given up."""

HANG_SECONDS = 120.0
"""For an event that comes, however busy the machine is; how soon it has to is asserted where it is promised."""

PATIENT_MS = 30_000
"""How long a choice may take where its lateness is not the subject: on a busy machine the words would decide."""

PATIENT = {"DETECTION_TIMEOUT_MS": str(PATIENT_MS)}
"""The same as a variable of a process of ours."""
