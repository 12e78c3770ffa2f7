"""Runs a program that is read from the input, as `python -c` does: `python -m tests.run_text`."""

import sys

if __name__ == "__main__":
    exec(compile(sys.stdin.read(), "<program>", "exec"), {"__name__": "__main__"})
