"""REST over the Python API, under `/api/v1/dynamic-loading`."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import uuid4

import anyio
from fastapi import Depends, Header, Query, Request, Response

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.registry import (
    Explanation,
    RegistryStats,
    ToolWhy,
    explanation,
    registry_stats,
    tool_infos,
    tool_why,
)
from mcp_dynaload.api.report import PerformanceReport, PerformanceSummary
from mcp_dynaload.api.results import QueryResult
from mcp_dynaload.api.status import SessionStatus, SystemStatus, session_statuses
from mcp_dynaload.http.auth import acting, is_admin
from mcp_dynaload.http.dependencies import api_of
from mcp_dynaload.http.ending import End
from mcp_dynaload.http.errors import NOT_FOUND, RESPONSES, NotFoundError
from mcp_dynaload.http.routes import guarded_router, needs
from mcp_dynaload.http.schemas import (
    MAX_ID_CHARACTERS,
    CommandAnswer,
    ExplainQuery,
    HealthAnswer,
    OptimizeQuery,
    Sessions,
    Tools,
    UserCommand,
)
from mcp_dynaload.proxy.client import user_of
from mcp_dynaload.proxy.commands.command import tool_named
from mcp_dynaload.store.tokens import Scope

EVENT_STREAM = "text/event-stream"

PREFIX = "/api/v1/dynamic-loading"

rest = guarded_router(needs(Scope.CONTROL), prefix=PREFIX, tags=["dynamic loading"])

Api = Annotated[Dynaload, Depends(api_of)]
SessionId = Annotated[str | None, Query(max_length=MAX_ID_CHARACTERS, description="A session's id; none: no session.")]
UserId = Annotated[
    str | None,
    Query(max_length=MAX_ID_CHARACTERS, description="The user: a token's own; an admin's may name any."),
]


@rest.post("/optimize-query", responses=RESPONSES)
async def optimize_query(body: OptimizeQuery, api: Api, request: Request) -> QueryResult:
    """Load the tools that a query needs, and tell what that saves."""
    return await api.process_query(
        body.query,
        user_id=acting(request, body.user_id),
        session_id=body.session_id,
        strategy=body.strategy,
        user_commands=body.user_commands,
    )


@rest.post("/explain", responses=RESPONSES)
async def explain(body: ExplainQuery, api: Api, request: Request) -> Explanation:
    """Tell what a query would load at a session's start, and why; nothing is changed."""
    async with api.session(acting(request, body.user_id)) as session:
        return await explanation(session, body.query, body.strategy)


@rest.post("/user-command", responses=RESPONSES)
async def user_command(body: UserCommand, api: Api, request: Request) -> CommandAnswer:
    """Run a slash command in a session of the API or of a connected client."""
    user, session_id = acting(request, body.user_id), body.session_id or uuid4().hex
    done = await api.run_user_command(body.command, user_id=user, session_id=session_id)
    masker = api.proxy.shared.masker  # an answer quotes what was mistyped, or pasted
    return CommandAnswer(
        command=masker.tokens(done.command),
        success=done.success,
        message=masker.text(done.message),
        session_id=session_id,
    )


@rest.get("/status")
async def status(api: Api, request: Request) -> SystemStatus:
    """Return the condition of components, servers and the token's own sessions; all sessions for an admin's token."""
    told = await api.get_system_status()
    return told.model_copy(update={"sessions": _visible(request, told.sessions)})


@rest.get("/performance-report")
async def performance_report(api: Api) -> PerformanceReport:
    """Return the totals of all queries, calls and commands since the start."""
    return await api.get_performance_report()


@rest.get(
    "/metrics/live",
    response_model=PerformanceSummary,
    responses={200: {"content": {EVENT_STREAM: {}}, "description": "Once, or as a stream of `summary` events"}},
)
async def live_metrics(
    api: Api,
    end: End,
    accept: Annotated[str, Header()] = "",
    interval_seconds: Annotated[float, Query(ge=0.1, le=60, description="Between two events.")] = 2.0,
) -> Response | PerformanceSummary:
    """Return the summary now; with `Accept: text/event-stream` again and again."""
    if EVENT_STREAM not in accept:
        return (await api.get_performance_report()).integration_report.performance_summary
    return end.stream(_summaries(api, interval_seconds))


async def _summaries(api: Dynaload, interval_seconds: float) -> AsyncGenerator[dict[str, str]]:
    while True:
        report = await api.get_performance_report()
        yield {"event": "summary", "data": report.integration_report.performance_summary.model_dump_json()}
        await anyio.sleep(interval_seconds)


@rest.get("/health", responses={503: {"model": HealthAnswer, "description": "Something does not work"}})
async def health(api: Api, response: Response) -> HealthAnswer:
    """Return the condition of the components; 503 if something does not work."""
    told = await api.get_system_status()
    if told.integration_health == "unhealthy":
        response.status_code = 503
    return HealthAnswer(status=told.integration_health, components=told.components)


@rest.get("/sessions")
async def sessions(api: Api, request: Request) -> Sessions:
    """Return the token's own open sessions with the tools that each has loaded; all of them for an admin's token."""
    return Sessions(sessions=_visible(request, session_statuses(api.proxy.sessions)))


def _visible(request: Request, sessions: tuple[SessionStatus, ...]) -> tuple[SessionStatus, ...]:
    """Return the sessions that the sender may see."""
    own = user_of(request)
    return sessions if is_admin(request) else tuple(one for one in sessions if one.user_id == own)


@rest.get("/tools", responses=RESPONSES)
async def tools(
    api: Api,
    request: Request,
    query: Annotated[str, Query(max_length=1_000, description="Words; without any: all tools by name.")] = "",
    limit: Annotated[int, Query(ge=1, le=5_000)] = 5_000,
    session_id: SessionId = None,
    user_id: UserId = None,
) -> Tools:
    """Return the catalog, or the best tools for some words."""
    async with api.session(acting(request, user_id), session_id) as session:
        catalog = session.catalog
        found = tool_infos(session, query, limit)
    return Tools(tools=found, total=len(catalog.tools), total_tokens=catalog.total_cost)


@rest.get("/tools/{name}/why", responses={**RESPONSES, **NOT_FOUND})
async def why(name: str, api: Api, request: Request, session_id: SessionId = None, user_id: UserId = None) -> ToolWhy:
    """Return why a tool is loaded or not in a session."""
    async with api.session(acting(request, user_id), session_id) as session:
        tool = tool_named(session, name)
        if tool is None:
            near = session.catalog.nearest(name)
            hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise NotFoundError(f"there is no tool {name!r}{hint}")
        return await tool_why(session, tool)


@rest.get("/function-registry/stats", responses=RESPONSES)
async def function_registry_stats(api: Api, request: Request, user_id: UserId = None) -> RegistryStats:
    """Return the catalog in numbers."""
    async with api.session(acting(request, user_id)) as session:
        return registry_stats(session)
