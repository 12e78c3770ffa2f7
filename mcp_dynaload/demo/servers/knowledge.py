"""Demo server: linked notes, with two prompts for writing them."""

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mcp import types as mcp_types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.storage import StoredRows
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

_INSTRUCTIONS = (
    "The team's knowledge base. Search it before answering questions about decisions, incidents or how we work."
)
_PROMPTS = {
    "meeting_minutes": (
        "Turn raw meeting notes into minutes with decisions and actions.",
        mcp_types.PromptArgument(name="topic", description="What the meeting was about", required=True),
        "Write the minutes of our meeting about {}: decisions, then actions with owner and date. Save them as a note.",
    ),
    "explain_decision": (
        "Explain why the team decided something, with sources.",
        mcp_types.PromptArgument(name="subject", description="The decision in question", required=True),
        "Search the notes for {} and explain what was decided and why. Cite note ids.",
    ),
}


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    server = build_server("knowledge", _Notes(ensure_part(workspace, "notes") / "notes.json"), _INSTRUCTIONS)
    server.add_request_handler("prompts/list", mcp_types.PaginatedRequestParams, _list_prompts)
    server.add_request_handler("prompts/get", mcp_types.GetPromptRequestParams, _get_prompt)
    return server


@dataclass(frozen=True, slots=True)
class Note:
    """A note and the ids of the notes it links to."""

    id: str
    title: str
    tags: list[str]
    links: list[str]
    body: str


@dataclass(frozen=True, slots=True)
class _Notes:
    file: Path

    @tool("read")
    def search_notes(self, query: str, tag: str | None = None, limit: Limit = 10) -> list[Note]:
        """Ranked full-text search over the knowledge base.

        Use it whenever the user asks what was decided, how something works here, who is responsible or what happened
        in an incident, and before writing a new note, to avoid duplicates. Notes with more of the words come first;
        a word in the title counts three times. Try synonyms or fewer words when nothing is found, then follow links
        with find_backlinks.

        Args:
            query: A few words.
            tag: Only notes with this tag.
            limit: Maximum number of notes.
        """
        words = query.casefold().split()
        notes = [note for note in self._rows().all().values() if tag is None or tag in note.tags]
        scores = {note.id: _score(note, words) for note in notes}
        return sorted((n for n in notes if scores[n.id]), key=lambda n: (-scores[n.id], n.id))[:limit]

    @tool("read")
    def get_note(self, note_id: str) -> Note:
        """Open a note.

        Args:
            note_id: Id of the note.
        """
        return self._rows().get(note_id)

    @tool("write")
    def add_note(self, title: str, body: str, tags: list[str] | None = None) -> Note:
        """Write a new note: remember a decision, an idea, minutes or anything worth keeping.

        Args:
            title: Short title; the id is made of it.
            body: Markdown text.
            tags: Tags for finding it again.
        """
        key = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
        if not key or key in self._rows().all():
            raise ToolFailedError(f"A note {key!r} exists already or the title has no letters; choose another title.")
        return self._rows().put(key, Note(key, title, tags or [], [], body))

    @tool("write")
    def edit_note(self, note_id: str, body: str | None = None, title: str | None = None, append: bool = False) -> Note:
        """Change the text or the title of a note.

        Args:
            note_id: Note to change.
            body: New text.
            title: New title; the id stays.
            append: Add the text at the end instead of replacing the old one.
        """
        note = self._rows().get(note_id)
        text = f"{note.body}\n{body}" if append and body else body or note.body
        return self._rows().put(note_id, replace(note, body=text, title=title or note.title))

    @tool("delete")
    def delete_note(self, note_id: str) -> str:
        """Delete a note and all links to it.

        Args:
            note_id: Note to delete.
        """
        title = self._rows().remove(note_id).title
        for other in self._rows().all().values():
            if note_id in other.links:
                self.unlink_notes(other.id, note_id)
        return f"Deleted {title!r}."

    @tool("write")
    def link_notes(self, source_id: str, target_id: str) -> Note:
        """Link one note to another.

        Args:
            source_id: Note that refers.
            target_id: Note referred to.
        """
        source, target = self._rows().get(source_id), self._rows().get(target_id)
        return self._rows().put(source_id, replace(source, links=list(dict.fromkeys([*source.links, target.id]))))

    @tool("write")
    def unlink_notes(self, source_id: str, target_id: str) -> Note:
        """Take a link between two notes away.

        Args:
            source_id: Note that refers.
            target_id: Note referred to.
        """
        note = self._rows().get(source_id)
        return self._rows().put(source_id, replace(note, links=[link for link in note.links if link != target_id]))

    @tool("write")
    def tag_note(self, note_id: str, tags: list[str]) -> Note:
        """Replace the tags of a note.

        Args:
            note_id: Note to tag.
            tags: All tags it shall have.
        """
        return self._rows().put(note_id, replace(self._rows().get(note_id), tags=sorted(set(tags))))

    @tool("read")
    def list_tags(self) -> Json:
        """Tag cloud: every tag with its number of notes, most used first."""
        return dict(Counter(tag for note in self._rows().all().values() for tag in note.tags).most_common())

    @tool("read")
    def find_backlinks(self, note_id: str) -> list[str]:
        """Which notes link to this one?

        Args:
            note_id: Note referred to.
        """
        target = self._rows().get(note_id).id
        return [note.id for note in self._rows().all().values() if target in note.links]

    @tool("read")
    def find_orphans(self) -> list[str]:
        """Notes without any link from or to other notes: candidates for tidying up."""
        notes = self._rows().all()
        linked = {link for note in notes.values() for link in note.links}
        return [key for key, note in notes.items() if not note.links and key not in linked]

    @tool("read")
    def find_connection(self, source_id: str, target_id: str) -> list[str]:
        """Shortest chain of links between two notes, followed in both directions. Shows how two subjects are related.

        Args:
            source_id: Where the chain begins.
            target_id: Where it ends.
        """
        neighbours = self._neighbours()
        waiting = deque([[self._rows().get(source_id).id]])
        seen = {source_id}
        while waiting:
            chain = waiting.popleft()
            if chain[-1] == target_id:
                return chain
            fresh = [key for key in neighbours[chain[-1]] if key not in seen]
            seen.update(fresh)
            waiting.extend([*chain, key] for key in fresh)
        raise ToolFailedError(f"Nothing connects {source_id!r} with {target_id!r}.")

    def _rows(self) -> StoredRows[Note]:
        return StoredRows(self.file, Note)

    def _neighbours(self) -> dict[str, list[str]]:
        notes = self._rows().all()
        back = {key: [other.id for other in notes.values() if key in other.links] for key in notes}
        return {key: [*note.links, *back[key]] for key, note in notes.items()}


def _score(note: Note, words: Iterable[str]) -> int:
    title, text = note.title.casefold(), f"{note.body} {' '.join(note.tags)}".casefold()
    return sum(3 * (word in title) + (word in text) for word in words)


async def _list_prompts(
    context: ServerRequestContext[Any], params: mcp_types.PaginatedRequestParams | None
) -> mcp_types.ListPromptsResult:
    prompts = [
        mcp_types.Prompt(name=name, description=description, arguments=[argument])
        for name, (description, argument, _) in _PROMPTS.items()
    ]
    return mcp_types.ListPromptsResult(prompts=prompts)


async def _get_prompt(
    context: ServerRequestContext[Any], params: mcp_types.GetPromptRequestParams
) -> mcp_types.GetPromptResult:
    if params.name not in _PROMPTS:
        raise MCPError(mcp_types.INVALID_PARAMS, f"Unknown prompt {params.name!r}.")
    description, argument, text = _PROMPTS[params.name]
    value = (params.arguments or {}).get(argument.name)
    if not value:
        raise MCPError(mcp_types.INVALID_PARAMS, f"Prompt {params.name!r} needs the argument {argument.name!r}.")
    message = mcp_types.PromptMessage(role="user", content=mcp_types.TextContent(text=text.format(value)))
    return mcp_types.GetPromptResult(description=description, messages=[message])
