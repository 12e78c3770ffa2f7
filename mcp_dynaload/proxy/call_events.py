"""One tool call, measured and told."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.errors import (
    UpstreamAnswerError,
    UpstreamClosedError,
    UpstreamError,
    UpstreamStartError,
    UpstreamTimeoutError,
)
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.state import is_pinned
from mcp_dynaload.telemetry.events import ErrorKind, Fallback, FellBack, Outcome, ToolCalled
from mcp_dynaload.telemetry.sizes import size_of
from mcp_dynaload.transport import plain_json


@dataclass(slots=True)
class CallEvents:
    """The watch over one call, from the request to the answer."""

    session: Session
    tool: Tool
    arguments: object
    was_listed: bool
    _started: float = field(default_factory=time.perf_counter)
    _upstream_seconds: float = 0.0

    @classmethod
    def start(cls, session: Session, tool: Tool, arguments: object) -> "CallEvents":
        """Note that the request has come."""
        state = session.state
        was_listed = session.surface.is_loaded(state, tool.name) or is_pinned(state, tool)
        if not was_listed:
            session.emit(FellBack(step=Fallback.UNLISTED_CALL, upstream=tool.upstream, tool=tool.name))
        return cls(session, tool, arguments, was_listed)

    @contextmanager
    def with_upstream(self) -> Generator[None]:
        """Count the time within as the upstream's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._upstream_seconds += time.perf_counter() - started

    def answered(self, result: Json) -> Json:
        """Note that the client gets this result of the upstream, and return it."""
        self._tell(Outcome.TOOL_ERROR if result.get("isError") else Outcome.OK, None, result)
        return result

    def refused(self, result: Json) -> Json:
        """Note that the client gets this answer of ours, and return it."""
        self._tell(Outcome.REFUSED, None, result)
        return result

    def cancelled(self) -> None:
        """Note that the client wants no answer any more; at once, as its session may be ending."""
        self._tell_of(Outcome.CANCELLED, None, None, time.perf_counter() - self._started)

    def failed(self, error: UpstreamError | None) -> None:
        """Note that the upstream gave no result, for this reason or with an error answer of its own."""
        kind = kind_of(error) if error else ErrorKind.PROTOCOL
        if error:
            step, upstream, tool = Fallback.UPSTREAM_DOWN, self.tool.upstream, self.tool.name
            self.session.emit(FellBack(step=step, upstream=upstream, tool=tool, detail=cause_of(error)))
        self._tell(Outcome.FAILED, kind, None)

    def _tell(self, outcome: Outcome, error: ErrorKind | None, result: Json | None) -> None:
        """Tell of it in the loop's next turn: by then the answer has been written, and nobody waits for this."""
        total = time.perf_counter() - self._started
        asyncio.get_running_loop().call_soon(self._tell_of, outcome, error, result, total)

    def _tell_of(self, outcome: Outcome, error: ErrorKind | None, result: Json | None, total: float) -> None:
        is_detailed = self.session.settings.detailed_logging_enabled
        self.session.emit(
            ToolCalled(
                tool=self.tool.name,
                upstream=self.tool.upstream,
                outcome=outcome,
                error=error,
                own_ms=1000 * (total - self._upstream_seconds),
                upstream_ms=1000 * self._upstream_seconds,
                request_bytes=size_of(self.arguments),
                result_bytes=size_of(result) if result is not None else 0,
                was_listed=self.was_listed,
                arguments=self._shown(self.arguments) if is_detailed else None,
                result=self._shown(result) if is_detailed and result is not None else None,
            )
        )

    def _shown(self, value: object) -> str:
        return plain_json.text_of(self.session.masker.value(value))[:MAX_TEXT]


def kind_of(error: UpstreamError) -> ErrorKind:
    """Return the error's kind, one of a few words."""
    match error:
        case UpstreamStartError():
            return ErrorKind.START
        case UpstreamTimeoutError():
            return ErrorKind.TIMEOUT
        case UpstreamClosedError():
            return ErrorKind.DIED
        case _:
            return ErrorKind.PROTOCOL


def cause_of(error: UpstreamError) -> str:
    """Return the kind of the error; of an answer that is none also what is wrong with it."""
    return f"{kind_of(error)}: {error.cause}" if isinstance(error, UpstreamAnswerError) else kind_of(error)
