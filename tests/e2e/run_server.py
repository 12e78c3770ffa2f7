"""Runs an upstream server, given by its module, as its program does: some packages cannot be run by `-m`."""

import importlib
import sys

if __name__ == "__main__":
    importlib.import_module(sys.argv.pop(1)).main()
