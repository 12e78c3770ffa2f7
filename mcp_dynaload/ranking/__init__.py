"""Which tools fit a prompt's words and meaning, as probabilities: pure functions, numbers and word lists."""
