"""`mcp-dynaload interactive`: a session at the terminal, without a client."""

import json
import secrets
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.cli.talk import LOCAL, Reply, replies
from mcp_dynaload.machine.private_files import make_private_file, make_private_folder
from mcp_dynaload.selection.policy import Strategy

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

    from mcp_dynaload.api.dynaload import Dynaload
    from mcp_dynaload.configuration import Configuration

HISTORY_FILE = "interactive.history"


def interactive(
    strategy: Annotated[Strategy | None, typer.Option("--strategy", help="Instead of the one in the settings.")] = None,
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Type prompts and slash commands, see what is loaded, call tools. Reads lines from a pipe, too.

    What is called here is learned for this project, as in a session of a client.

    `/call TOOL name=value name="two words"` calls a tool, with what it wants as text left text; or with one JSON
    object. Tab completes. With --json: one object for each line. Exit status 1 if a line of a pipe went wrong.

    Example: echo "which issues are open?" | mcp-dynaload interactive
    """
    import anyio

    chosen = [f"default_loading_strategy={strategy}"] if strategy else []
    configuration = configuration_of(config, trust, [*(settings or ()), *chosen])
    list_unseen(configuration)
    if not anyio.run(_talk, configuration, as_json):
        raise typer.Exit(1)


async def _talk(configuration: "Configuration", as_json: bool) -> bool:
    from mcp_dynaload.api.dynaload import open_on
    from mcp_dynaload.api.options import Options

    def show(reply: Reply) -> None:
        from mcp_dynaload.cli.screen import console

        if as_json:
            print(json.dumps(dict(reply.data)), flush=True)
        else:
            console.print(reply.text, style=None if reply.success else "red", markup=False)

    session_id = f"interactive-{secrets.token_hex(4)}"  # each time another: a known one would have its tools again
    async with open_on(configuration, Options()) as dynaload:
        is_terminal = sys.stdin.isatty()
        lines = _typed(dynaload, session_id, configuration.locations.state_dir) if is_terminal else _piped()
        went_well = await replies(dynaload, lines, show, session_id)
        return went_well or is_terminal


async def _piped() -> AsyncGenerator[str]:
    import anyio.to_thread

    while line := await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
        yield line


async def _typed(dynaload: "Dynaload", session_id: str, folder: Path) -> AsyncGenerator[str]:
    """Yield typed lines, with history and completion, until end of input; Ctrl-C drops the line."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    print("Type a prompt as you would in Claude Code, or / for commands; /exit leaves.")
    session: PromptSession[str] = PromptSession(
        history=FileHistory(_history_file(folder)),
        completer=_completer(dynaload, session_id),
        complete_while_typing=False,
    )
    while True:
        try:
            yield await session.prompt_async("dynaload> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _history_file(folder: Path) -> str:
    """Return the path of the prompts typed before, made so that nobody else may read them."""
    make_private_folder(folder)
    file = folder / HISTORY_FILE
    make_private_file(file)
    return str(file)


def _completer(dynaload: "Dynaload", session_id: str) -> "Completer":
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class CommandCompleter(Completer):
        """The completions: names and arguments of commands, and tools after `/call`."""

        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            return ()

        async def get_completions_async(
            self, document: Document, complete_event: CompleteEvent
        ) -> AsyncGenerator[Completion]:
            line = document.text_before_cursor
            if not line.startswith("/"):
                return
            typed = line.rsplit(" ", 1)[-1]
            async for value in _completed(dynaload, line, session_id):
                yield Completion(value, start_position=-len(typed))

    return CommandCompleter()


async def _completed(dynaload: "Dynaload", line: str, session_id: str) -> AsyncIterable[str]:
    if " " not in line:
        for name in LOCAL:
            if name.startswith(line):
                yield name
    for value in await dynaload.complete_command(line, session_id=session_id):
        yield value
