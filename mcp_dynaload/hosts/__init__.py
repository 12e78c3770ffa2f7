"""The programs that start us: their configuration read, put behind the proxy, and put back."""
