"""The command line: one module for each command."""

import gc
import os
import sys
from io import RawIOBase, TextIOWrapper

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
STDERR = 2

YOUNG_OBJECTS = 10_000
"""So many objects are made before garbage is looked for: with Python's 700 that is a sixth of the time of importing."""

QUICK = (["statusline"], ["statusline", "--verbose"])
"""The commands that the client runs again and again: they do not wait until the others are imported."""


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly, while it is still importing, too."""
    _complete_streams()
    _buffer_output()
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (OSError, SystemExit):
        if _is_written():
            raise
        sys.exit(FAILED)
    if not _is_written():
        sys.exit(FAILED)


def _complete_streams() -> None:
    """Open the null device where we were started without stdin, stdout or stderr.

    Their numbers would go to the next files that are opened, the database or the event loop among them; and what is
    printed to a stderr that Python has not would go to stdout.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(number, True)
    os.close(number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False))  # noqa: SIM115 - as long as the process


def _buffer_output() -> None:
    """Put a buffer under a stdout that has none, as PYTHONUNBUFFERED asks for; each line is written at once.

    What cannot be written stays in a buffer, so that `_is_written` finds it; without one it is lost, and any file's.
    """
    output = sys.stdout
    if isinstance(getattr(output, "buffer", None), RawIOBase):
        sys.stdout = open(  # noqa: SIM115 - as long as the process
            output.fileno(), "w", buffering=1, encoding=output.encoding, errors=output.errors, closefd=False
        )


def _is_written() -> bool:
    """Return whether all output is where it was to go; who reads no more of it knows, anything else is told."""
    output = sys.stdout
    try:
        output.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())  # else Python tries again at its end, and fails
        if not isinstance(error, BrokenPipeError):
            print(f"mcp-dynaload: the output could not be written ({error.strerror})", file=sys.stderr)
        return False
    return True


def _run() -> None:
    """Run what is asked for; our own errors are told in a line, without a traceback."""
    if sys.argv[1:] in QUICK:
        from mcp_dynaload.cli.statusline import print_line

        return print_line(verbose="--verbose" in sys.argv)
    early, is_serving = None, sys.argv[1:2] == ["serve"]
    if is_serving:
        from mcp_dynaload.early.start import begin

        early = begin(sys.argv[1:], os.environ)
    gc.set_threshold(YOUNG_OBJECTS)
    # Not at the top: the client that has started us is waiting for its first answers.
    if is_serving:
        from mcp_dynaload.cli.program import serving_app

        app = serving_app()
    else:
        from mcp_dynaload.cli.app import app

        output: object = sys.stdout
        if isinstance(output, TextIOWrapper):  # letters that the terminal's or file's encoding has not
            output.reconfigure(errors="backslashreplace")
    from mcp_dynaload.errors import DynaloadError, own_error

    try:
        app(obj=early)
    except (DynaloadError, ExceptionGroup) as raised:
        if (error := own_error(raised)) is None:
            raise
        from mcp_dynaload.masking import Masker  # a tenth of the time of `--help`, for a failure
        from mcp_dynaload.masking.printable import printable

        print(printable(Masker().tokens(f"mcp-dynaload: {error}"), keeps_lines=True), file=sys.stderr)
        sys.exit(WRONG_USE)
