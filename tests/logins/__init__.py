"""The tests of mcp_dynaload/logins."""
