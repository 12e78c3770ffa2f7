"""Things that were looked at on a user's machine, and the verdict of each."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Level = Literal["ok", "note", "wrong"]


class RunProblem(IntEnum):
    """A kind of thing that makes a run without a user fail; its number is the exit status of `preflight`."""

    SETTINGS = 10
    """A settings file, or a variable of ours, is wrong."""

    SERVERS_FILE = 11
    """A servers file, or an entry in it, cannot be used."""

    UNTRUSTED = 12
    """A project's file is not trusted, so that nothing in it is started."""

    VARIABLE = 13
    """An entry uses a variable that is not set."""

    PROGRAM = 14
    """The program of an entry is not found."""

    LOGIN = 15
    """A server wants a login."""

    UNREACHABLE = 16
    """A remote server does not answer."""

    CLIENT = 17
    """Claude Code does not run, or is too old."""

    REGISTRATION = 18
    """Claude Code does not start us."""

    HOOKS = 19
    """Hooks or the plugin are missing, of an earlier version, or switched off."""

    DATABASE = 20
    """A database is locked, damaged or cannot be written."""

    STATE = 21
    """The state folder cannot be written."""

    UNKNOWN = 22
    """Something could not be looked at, or not in time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A thing that was looked at, and the verdict."""

    level: Level
    what: str
    fix: str = ""
    problem: RunProblem | None = None
    """The kind of thing, where a run without a user fails by it."""
