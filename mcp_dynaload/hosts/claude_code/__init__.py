"""Claude Code: its files, the servers that move behind the proxy, our hooks and plugin, and all of it taken back."""
