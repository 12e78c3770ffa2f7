"""The MCP server that the client talks to."""
