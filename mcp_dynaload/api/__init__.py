"""The Python API: the choice of tools, the commands and the calls, for programs that are no MCP client."""
