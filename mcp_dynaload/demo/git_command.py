"""Runs git on a demo workspace, untouched by the user's own git configuration."""

import os
import subprocess
from pathlib import Path

from mcp_dynaload.errors import DynaloadError

_TIMEOUT_SECONDS = 20.0


class GitFailedError(DynaloadError):
    """A git command ended with an error; the text is git's own."""


def run_git(folder: Path, *arguments: str, stdin: str | None = None) -> str:
    """Run `git arguments` in `folder` and return its output.

    Raises:
        GitFailedError: git is missing, took too long or reported an error.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=_environment(),
            input=stdin or "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except FileNotFoundError as error:
        raise GitFailedError("git is not installed or not on the PATH; install it to use this server.") from error
    except subprocess.TimeoutExpired as error:
        raise GitFailedError(
            f"git {arguments[0]} took longer than {_TIMEOUT_SECONDS:.0f} s and was stopped."
        ) from error
    except subprocess.CalledProcessError as error:
        raise GitFailedError(f"git {arguments[0]} failed: {(error.stderr or error.stdout).strip()}") from error
    return done.stdout


def _environment() -> dict[str, str]:
    person = {"NAME": "Dana Okafor", "EMAIL": "dana@parcelbird.example"}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
    }
