"""`python -m mcp_dynaload`."""

from mcp_dynaload.cli import main

if __name__ == "__main__":
    main()
