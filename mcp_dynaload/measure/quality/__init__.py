"""How good the choice of tools is: recall, coverage, abstention and cost on labelled tasks, without any connection."""
