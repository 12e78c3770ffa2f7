"""One MCP server in front of all others: it loads only the tools that each prompt needs."""

__version__ = "0.1.0"
