"""Builders of what evaluation reads and asks for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Scored
from tests.builders import a_definition, a_tool


def a_priced_catalog(**costs: int) -> Catalog:
    """Return tools of upstream `git` by name and cost: `log` is advertised as `git__log`."""
    return build_catalog([a_tool(name) for name in costs], {f"git__{name}": cost for name, cost in costs.items()})


def a_task(
    *needs: str, optional: Sequence[str] = (), prompt: str = "show the history", history: Sequence[str] = ()
) -> Task:
    """Return a task over `a_priced_catalog`; `a|b` is a need that either tool meets."""
    return Task(
        id="task",
        prompt=prompt,
        needs=tuple(frozenset(advertised(*need.split("|"))) for need in needs),
        optional=frozenset(advertised(*optional)),
        history=tuple(history),
    )


def advertised(*names: str) -> list[str]:
    """Return names as the priced catalog advertises them."""
    return [f"git__{name}" for name in names]


class ListeningRanker:
    """A ranker that ranks nothing and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        self.asked.append(query)
        return ()


def servers() -> dict[str, list[Json]]:
    """Return a catalog file's content: two servers with two tools each."""
    return {
        "git": [a_definition("log", "Show the commit history"), a_definition("commit", "Record staged changes")],
        "github": [a_definition("create_issue", "Open a new issue"), a_definition("list_issues", "List the issues")],
    }


def a_line(id: str, query: str, *tools: str, **more: Any) -> Json:
    """Return a line of a task file; tools are given as `server/tool`."""
    return {"id": id, "query": query, "catalog": "small", "tools": [_reference(tool) for tool in tools], **more}


def write_lines(path: Path, *lines: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def write_catalog(path: Path, content: object = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(servers() if content is None else content), encoding="utf-8")
    return path


def _reference(tool: str) -> Json:
    server, _, name = tool.partition("/")
    return {"server": server, "tool": name}
