"""The API's one object: queries, workflows, commands, calls, and how it all is doing."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import anyio
import structlog
from mcp_types import CallToolResult

from mcp_dynaload.api.arguments import choice, identifier, mapping, text, texts
from mcp_dynaload.api.connection import NAME
from mcp_dynaload.api.messages import tool_params
from mcp_dynaload.api.options import IntegrationMode, LoadingStrategy, Options, Servers, configured, without_client
from mcp_dynaload.api.queries import completions, run_query, run_text_command, split_own_command
from mcp_dynaload.api.report import PerformanceReport, performance_report
from mcp_dynaload.api.results import CommandOutcome, QueryResult, StepResponse, WorkflowOptimization, WorkflowStep
from mcp_dynaload.api.sessions import ApiSession, ApiSessions
from mcp_dynaload.api.status import (
    SystemStatus,
    component_statuses,
    session_statuses,
    system_status,
    upstream_statuses,
)
from mcp_dynaload.api.workflows import check_steps, over_all
from mcp_dynaload.app import open_proxy
from mcp_dynaload.configuration import Configuration
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.machine.logs import hand_logs_over
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.proxy.session import Session

PACKAGE = "mcp_dynaload"

log = structlog.get_logger()


class Dynaload:
    """The proxy inside a program; made by `Dynaload.open`.

    Without a `session_id` each query stands for itself; with one it continues that conversation, whose list of tools
    only grows. What is learned and pinned is kept apart for each `user_id`.
    """

    def __init__(
        self, configuration: Configuration, proxy: ProxyServer, sessions: ApiSessions, options: Options
    ) -> None:
        self.configuration = configuration
        self.proxy = proxy
        self.sessions = sessions
        self.options = options
        self.is_open = True
        self._started_at = time.monotonic()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        config: Servers | None = None,
        mode: IntegrationMode = IntegrationMode.PRODUCTION,
        strategy: LoadingStrategy | None = None,
        enable_monitoring: bool | None = None,
        enable_user_controls: bool = True,
        enable_caching: bool | None = None,
        cache_ttl_seconds: float | None = None,
        max_concurrent_sessions: int | None = None,
        enable_performance_alerts: bool | None = None,
        health_check_interval: float = 30.0,
        metrics_export_interval: float = 60.0,
        alert_thresholds: Mapping[str, float] | None = None,
    ) -> AsyncGenerator["Dynaload"]:
        """Open the proxy on the user's servers, on those of `config`, or, with none at all, on the embedded ones.

        Raises:
            ConfigError: A setting is wrong, or, but in production, an entry of a servers file.
        """
        options = Options(
            config=config,
            mode=choice("mode", IntegrationMode, mode) or IntegrationMode.PRODUCTION,
            strategy=choice("strategy", LoadingStrategy, strategy),
            enable_monitoring=enable_monitoring,
            enable_user_controls=enable_user_controls,
            enable_caching=enable_caching,
            cache_ttl_seconds=cache_ttl_seconds,
            max_concurrent_sessions=max_concurrent_sessions,
            enable_performance_alerts=enable_performance_alerts,
            health_check_interval=health_check_interval,
            metrics_export_interval=metrics_export_interval,
            alert_thresholds=cast(dict[str, float], mapping("alert_thresholds", alert_thresholds)),
        )
        with configured(options) as configuration:
            level = "debug" if options.mode is IntegrationMode.DEVELOPMENT else None
            hand_logs_over(PACKAGE, level, configuration.masker)
            async with open_on(configuration, options) as api:
                yield api

    async def process_query(
        self,
        query: str,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        strategy: LoadingStrategy | None = None,
        user_commands: Sequence[str] = (),
    ) -> QueryResult:
        """Load and return the tools that a query needs; a command, also one that the query begins with, is run before.

        The session may be a connected client's.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        commands, words = split_own_command(text("query", query))
        lines = (*texts("user_commands", user_commands), *commands)
        chosen = choice("strategy", LoadingStrategy, strategy)
        async with self.session(user_id, session_id) as session:
            if not session_id:
                await session.clear()
            outcomes = [await self._command(session, line) for line in lines]
            return await run_query(session, words, chosen, outcomes)

    async def run_user_command(
        self, command: str, *, user_id: str | None = None, session_id: str | None = None
    ) -> CommandOutcome:
        """Run a slash command, for example `/load-category git`; the session may be a connected client's.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        line = text("command", command)
        async with self.session(user_id, session_id) as session:
            return await self._command(session, line)

    async def complete_command(
        self, line: str, *, user_id: str | None = None, session_id: str | None = None
    ) -> tuple[str, ...]:
        """Return completions of a half-written command's last word, best first: `/load-ca`, `/load-category g`.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        async with self._conversation(user_id, session_id) as conversation:
            return await completions(conversation.connected, text("line", line))

    async def clear_session(self, session_id: str, *, user_id: str | None = None) -> None:
        """Start a conversation over: its list is what the project usually needs, its memory empty.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        async with self._conversation(user_id, session_id) as conversation:
            await conversation.connected.session.clear()

    async def process_workflow_with_optimization(
        self,
        workflow_steps: Sequence[WorkflowStep],
        *,
        user_id: str | None = None,
        strategy: LoadingStrategy | None = None,
    ) -> tuple[tuple[StepResponse, ...], WorkflowOptimization]:
        """Return the tools that each step of a workflow needs, in order, and one set of tools that serves all steps.

        Raises:
            DynaloadError: There is no step, or one without words.
            TooManySessionsError: As many sessions as allowed are at work.
        """
        check_steps(workflow_steps)
        responses = [
            StepResponse(
                agent_id=step.agent_id, result=await self.process_query(step.task, user_id=user_id, strategy=strategy)
            )
            for step in workflow_steps
        ]
        async with self._conversation(user_id, None) as conversation:
            return tuple(responses), over_all(responses, conversation.connected.session)

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
    ) -> CallToolResult:
        """Call a tool; its server is started if needed. A tool that is not loaded is called as well.

        Raises:
            MCPError: There is no tool of that name, or the server's own error answer.
            TooManySessionsError: As many sessions as allowed are at work.
        """
        called, given = text("name", name), mapping("arguments", arguments)
        async with self._conversation(user_id, session_id) as conversation:
            return await conversation.connected.call(called, given)

    async def tools_for_messages_api(
        self, *, user_id: str | None = None, session_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the loaded tools as the `tools` of an Anthropic Messages API request, in name order.

        `find_tools` is among them, with which the model reaches all others; calls go to `call_tool` by name.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        async with self._conversation(user_id, session_id) as conversation:
            return tool_params(conversation.connected.session)

    async def get_system_status(self) -> SystemStatus:
        """Return the present condition of components, sessions and servers."""
        self._check_open()
        live, sessions = self.proxy.live, self.proxy.sessions
        upstreams = upstream_statuses(live, sessions, self.proxy.shared.logins)
        limit = self.configuration.settings.max_concurrent_sessions
        return system_status(
            mode=self.options.mode,
            started_at=self._started_at,
            clock=time.monotonic,
            components=await component_statuses(live, upstreams, len(sessions), limit),
            sessions=session_statuses(sessions),
            upstreams=upstreams,
            live=live,
        )

    async def get_performance_report(self) -> PerformanceReport:
        """Return the totals of all queries, calls and commands since the start; empty while monitoring is off."""
        is_monitoring = self.configuration.settings.metrics_collection_enabled
        return performance_report(self.proxy.totals.summary(), is_monitoring)

    async def export_metrics(self) -> None:
        """Write the summary to the log in the interval of the options, for ever."""
        while True:
            await anyio.sleep(self.options.metrics_export_interval)
            report = await self.get_performance_report()
            log.info("metrics", **report.integration_report.performance_summary.model_dump(mode="json"))

    async def watch_health(self) -> None:
        """Look at the components in the interval of the options, for ever, and log each change."""
        before: dict[str, str] = {}
        while True:
            status = await self.get_system_status()
            now = {name: component.health for name, component in status.components.items()}
            for name, component in status.components.items():
                if before and before.get(name) != component.health:
                    log.warning("health_changed", component=name, health=component.health, detail=component.detail)
            before = now
            await anyio.sleep(self.options.health_check_interval)

    async def close_session(self, session_id: str, *, user_id: str | None = None) -> bool:
        """End a conversation and its servers' processes; False if there is none of that id."""
        return await self.sessions.close(identifier("user_id", user_id), identifier("session_id", session_id))

    @asynccontextmanager
    async def session(self, user_id: str | None = None, session_id: str | None = None) -> AsyncGenerator[Session]:
        """Hold a user's session, to look into or to steer: a connected client's own of that id, or one of ours.

        Raises:
            TooManySessionsError: As many sessions as allowed are at work.
        """
        wanted = identifier("user_id", user_id), identifier("session_id", session_id)
        for session in self.proxy.sessions if wanted[1] else ():
            if (session.client.user, session.id) == wanted and session.client.name != NAME:
                yield session
                return
        async with self._conversation(user_id, session_id) as conversation:
            yield conversation.connected.session

    @asynccontextmanager
    async def _conversation(self, user_id: str | None, session_id: str | None) -> AsyncGenerator[ApiSession]:
        self._check_open()
        user, session = identifier("user_id", user_id), identifier("session_id", session_id)
        async with self.sessions.use(user, session) as conversation:
            yield conversation

    def _check_open(self) -> None:
        if not self.is_open:
            raise DynaloadError("this Dynaload is closed: use it within its `async with`, or open another one")

    async def _command(self, session: Session, line: str) -> CommandOutcome:
        if not self.options.enable_user_controls:
            return CommandOutcome(command=line, success=False, message="Commands are off: enable_user_controls=False.")
        return await run_text_command(session, line)


@asynccontextmanager
async def open_on(configuration: Configuration, options: Options) -> AsyncGenerator[Dynaload]:
    """Open the API on a configuration that was read before."""
    configuration = replace(configuration, environ=without_client(configuration.environ))
    async with (
        open_proxy(configuration) as proxy,
        open_api(configuration, proxy, options) as api,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(api.sessions.look_around)
        yield api
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_api(configuration: Configuration, proxy: ProxyServer, options: Options) -> AsyncGenerator[Dynaload]:
    """Open the API over a proxy server that others may use, too; at exit the API's own sessions are over."""
    async with anyio.create_task_group() as tasks:
        sessions = ApiSessions(proxy, tasks, configuration.settings.max_concurrent_sessions)
        api = Dynaload(configuration, proxy, sessions, options)
        tasks.start_soon(api.watch_health)
        if configuration.settings.metrics_collection_enabled:
            tasks.start_soon(api.export_metrics)
        try:
            yield api
        finally:
            api.is_open = False
            tasks.cancel_scope.cancel()
