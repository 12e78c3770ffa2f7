"""Builders of values that tests need; each names only what matters to its test."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.catalog.names import advertised_name, default_prefix
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.selection.state import Context


def a_definition(name: str, description: str = "", **parameters: str) -> Json:
    """Return an element of a `tools/list` answer; parameters are strings, given with their descriptions."""
    properties = {parameter: {"type": "string", "description": text} for parameter, text in parameters.items()}
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": properties}}


def a_tool(
    name: str,
    description: str = "",
    *,
    upstream: str = "git",
    pinned: bool = False,
    annotations: Mapping[str, bool] | None = None,
    **parameters: str,
) -> Tool:
    """Return a tool under its default name, `<upstream>__<name>`."""
    definition = a_definition(name, description, **parameters)
    if annotations:
        definition["annotations"] = dict(annotations)
    advertised = advertised_name(default_prefix(upstream), name)
    return Tool(name=advertised, upstream=upstream, definition=definition, pinned=pinned)


def a_catalog(tools: Sequence[Tool], *, cost: int = 100) -> Catalog:
    """Return a catalog in which each tool costs the same."""
    return build_catalog(tools, {tool.name: cost for tool in tools})


def a_context(
    catalog: Catalog,
    *,
    tool_search: bool = True,
    overhead_tokens: int = 0,
    ranker: Ranker | None = None,
) -> Context:
    """Return the context of a step, with the lexical ranker if none is given."""
    return Context(
        catalog=catalog,
        ranker=ranker or build_ranker(catalog),
        tool_search=tool_search,
        overhead_tokens=overhead_tokens,
    )


@dataclass(frozen=True)
class FixedRanker:
    """A ranker that gives the same probabilities whatever is asked."""

    probabilities: Mapping[str, float]
    terms: tuple[str, ...] = ("said",)
    need: float = 1.0
    repeating: Collection[str] = ()
    """The tools of servers that repeat what the client does."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        ranked = sorted(self.probabilities.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            Scored(name, odds, odds, self.terms, self.need, name in self.repeating) for name, odds in ranked[:limit]
        )


@dataclass(frozen=True)
class StuckRanker:
    """A ranker that is not done before it is released, as one whose encoder waits for the processors."""

    released: Event = field(default_factory=Event)
    ranker: Ranker = field(default_factory=lambda: FixedRanker({}))
    """The answer that it gives then."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        self.released.wait()
        return self.ranker.rank(query, limit)


@dataclass(frozen=True)
class ReleasingRanker:
    """A ranker that finds nothing, and releases another one."""

    stuck: StuckRanker

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        self.stuck.released.set()
        return ()


def developer_tools() -> tuple[Tool, ...]:
    """Return tools that a developer may have connected: git, an issue tracker, a database, a clock and a memory."""
    read_only, destructive = {"readOnlyHint": True}, {"destructiveHint": True}
    return (
        a_tool("log", "Show the commit history", annotations=read_only, max_count="How many commits"),
        a_tool("status", "Show the state of the working tree", annotations=read_only),
        a_tool("create_branch", "Create a branch from another one", branch_name="Name of the branch"),
        a_tool("commit", "Record staged changes in the repository", message="Commit message"),
        a_tool("create_issue", "Open a new issue in a repository", upstream="github", title="Title", body="Text"),
        a_tool("list_issues", "List the issues of a repository", upstream="github", annotations=read_only),
        a_tool("close_issue", "Close an issue", upstream="github", number="The issue's number"),
        a_tool("merge_pull_request", "Merge a pull request", upstream="github", number="The request's number"),
        a_tool("list_tables", "List all tables in the database", upstream="sqlite", annotations=read_only),
        a_tool("read_query", "Run a SELECT query", upstream="sqlite", annotations=read_only, query="SQL to run"),
        a_tool("drop_table", "Drop a table with all its rows", upstream="sqlite", annotations=destructive),
        a_tool("get_current_time", "Get the current time in a timezone", upstream="time", timezone="IANA name"),
        a_tool("convert_time", "Convert a time between timezones", upstream="time", source="From", target="To"),
        a_tool("create_entities", "Create entities in the knowledge graph", upstream="memory"),
        a_tool("search_nodes", "Search nodes in the knowledge graph", upstream="memory", query="Words"),
    )
