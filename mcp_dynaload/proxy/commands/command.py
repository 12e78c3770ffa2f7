"""A command, its answer, and the reading of its arguments."""

import difflib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.commands.layout import paragraphs, wrapped
from mcp_dynaload.proxy.session import Session

Words = Sequence[str]
Kind = Literal["category", "tier", "mode", "tool", "tool or category", "pinned", "server", "profile", "words", "none"]

MAX_NAMED = 60
"""Valid values that are named when one was wrong."""

QUOTES = " `'\"\u201c\u201d\u2018\u2019\u00ab\u00bb"
"""Around a name that was copied from a text."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a command, for the user."""

    success: bool
    summary: str
    """It all in a sentence or two, of any length."""

    details: str = ""
    """Lines that fit into the terminal."""

    @property
    def text(self) -> str:
        """The summary and the details, as the terminal shows them: what servers wrote cannot act there."""
        return printable(paragraphs(wrapped(self.summary), self.details), keeps_lines=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the table."""

    act: Callable[[Session, Words], Awaitable[Result]]
    about: str
    """A line that says its effect."""

    takes: Kind = "none"
    more: str = ""
    """The words that may follow its argument."""

    steers: bool = False
    """Whether it changes what is loaded: there is nothing to change where loading is switched off."""

    @property
    def usage(self) -> str:
        """The command's argument as help shows it."""
        name = {"none": "", "pinned": "tool", "tool or category": "tool|category"}.get(self.takes, self.takes)
        return f"<{name}>{f' [{self.more}]' if self.more else ''}" if name else ""


def typed(session: Session) -> str:
    """Return what stands before a command's name that is typed in full, with words after it."""
    return f"/{session.registration.prefix}"


def in_menu(session: Session) -> str:
    """Return what stands before a command's name in the client's menu, where no words follow."""
    return f"/{session.registration.server}:"


def done(summary: str, *details: str) -> Result:
    """Build the result of a command that worked."""
    return Result(True, summary, paragraphs(*details))


def refused(summary: str, *details: str) -> Result:
    """Build the result of a command that did not work, and changed nothing."""
    return Result(False, summary, paragraphs(*details))


def wrong(kind: str, value: str, valid: Collection[str]) -> Result:
    """Build a refusal of a value that does not exist, with the nearest one, and all if they are few."""
    near = difflib.get_close_matches(value.lower(), [str(one) for one in valid], n=1, cutoff=0.5)
    said = f"There is no {kind} {value!r}." if value else f"Name a {kind}."
    hint = f" Did you mean {near[0]!r}?" if value and near else ""
    if not valid:
        return refused(f"{said} There is none here.")
    shown = list(valid)[:MAX_NAMED]
    more = f" and {len(valid) - len(shown)} more" if len(valid) > len(shown) else ""
    return refused(said + hint, wrapped(f"Valid: {', '.join(shown)}{more}"))


def wrong_tool(session: Session, value: str) -> Result:
    """Build a refusal of a tool that does not exist, with the nearest ones, and how to find it among all."""
    catalog = session.catalog
    denial = session.live.listings.quarantine.access.denied_tool(value.removeprefix(session.registration.prefix))
    if denial is not None:
        return refused(f"The servers file denies {value!r} by the rule {denial.rule} of server {denial.server!r}.")
    if (rule := session.view.denied.get(value.removeprefix(session.registration.prefix))) is not None:
        return refused(
            f"Claude Code shows no model {value!r}, by its rule {rule}: take the rule away with /permissions."
        )
    outside = session.live.catalog.get(value.removeprefix(session.registration.prefix))
    if outside is not None:
        profile = session.view.chosen.name
        return refused(
            f"{value!r} is of server {outside.upstream!r}, which is not in profile {profile!r}; "
            f"{typed(session)}profile chooses another one."
        )
    near = catalog.nearest(value) if value else ()
    said = f"There is no tool {value!r}." if value else "Name a tool."
    hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    servers = ", ".join(sorted({tool.upstream for tool in catalog.tools})) or "none"
    return refused(
        said + hint,
        wrapped(f"Valid: the {len(catalog.tools)} tools of {servers}; {typed(session)}find <words> searches them."),
    )


def tool_named(session: Session, value: str) -> Tool | None:
    """Return the tool that a user means: by its name in the list, in the client, or at the one server that has it.

    It may be quoted, and in other cases than the name where only one tool has that.
    """
    catalog, wanted = session.catalog, value.strip(QUOTES).removeprefix(session.registration.prefix)
    if (tool := catalog.get(wanted)) is not None:
        return tool
    found = [tool for tool in catalog.tools if tool.original_name == wanted]
    if not found:
        folded = wanted.casefold()
        found = [tool for tool in catalog.tools if folded in (tool.name.casefold(), tool.original_name.casefold())]
    return found[0] if len(found) == 1 else None
