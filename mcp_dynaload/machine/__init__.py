"""The computer that we run on: its files, processes and addresses, and our log."""
