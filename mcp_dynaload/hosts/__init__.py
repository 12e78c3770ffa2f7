"""Reading and wiring the configuration of clients: Claude Code's files, put behind the proxy and put back."""
