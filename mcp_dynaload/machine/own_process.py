"""How a process of ours is started: never with the folder in which it runs on its module path."""

import sys

ISOLATION = ("-P", "-E")
"""Python's own options: `-P` keeps the working directory off the module path, `-E` what PYTHONPATH may add to it.

`-I` would do more than is wanted: it hides an installation with `pip install --user`, too.
"""


def module_arguments(module: str, *arguments: str) -> list[str]:
    """Return what follows the interpreter to run a module of ours: a repository's code must not stand in for it."""
    return [*ISOLATION, "-m", module, *arguments]


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the whole command that runs a module of ours with this interpreter."""
    return [sys.executable, *module_arguments(module, *arguments)]
