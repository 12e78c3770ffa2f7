"""Speed and cost beside peers, in one run on one machine: every figure has its peer's next to it."""
