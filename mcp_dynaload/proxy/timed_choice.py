"""A choice within its time: where meaning comes too late, the words decide."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.proxy.catalog_index import CatalogIndex
from mcp_dynaload.proxy.decision_timing import DecisionTiming
from mcp_dynaload.selection.actions import Action
from mcp_dynaload.selection.state import Context, Decision, SessionState
from mcp_dynaload.selection.step import step
from mcp_dynaload.telemetry.events import Event, Fallback, FellBack

MAX_INDEX_SECONDS = 6.0
"""Longest wait for the index of words, without which nothing is found; from disk it is there in hundredths of one.

On a busy machine that may be seconds."""

MAX_LATE_SECONDS = 0.5
"""How long the encoder may take beyond its time for a prompt of which the words alone know no tool."""

BY_WORDS = "by words alone: choosing took too long"
"""Beside the reason of such a choice."""

Taken = tuple[SessionState, Decision]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TimedChoice:
    """Takes the steps that rank tools, in threads; what goes wrong with their time is told."""

    index: CatalogIndex
    settings: Settings
    emit: Callable[[Event], None]

    async def index_is_ready(self) -> None:
        """Give the encoder its time; if it is not there by then the words decide, which is logged."""
        index, waited = self.index, self.settings.loading_timeout_ms
        with anyio.move_on_after(waited / 1000) as scope:
            await index.ready.wait()
        if scope.cancelled_caught:
            with anyio.move_on_after(MAX_INDEX_SECONDS):
                await index.indexed.wait()
            consequence = "the words decide" if index.indexed.is_set() else "nothing is found"
            log.warning("index_not_ready", waited_ms=waited, consequence=consequence)
            self.emit(FellBack(step=Fallback.INDEX_NOT_READY, detail=consequence))

    async def step(
        self,
        state: SessionState,
        action: Action,
        context: Context,
        by_words: Callable[[], Context],
        watch: DecisionTiming,
    ) -> Taken:
        """Take a step within `detection_timeout_ms`; after that take it by words alone, in a matter of milliseconds."""
        limit = self.settings.detection_timeout_ms / 1000
        taken: list[Taken] = []
        is_taken = anyio.Event()

        async def take() -> None:
            taken.append(await anyio.to_thread.run_sync(step, state, action, context, abandon_on_cancel=True))
            is_taken.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            with watch.choosing(), anyio.move_on_after(limit):
                await is_taken.wait()
            if not taken:
                log.warning("detection_timed_out", limit_seconds=limit, consequence="the words decide")
                late = f"over {limit:g} s: the words decide"
                self.emit(FellBack(step=Fallback.DETECTION_TIMEOUT, detail=late))
                with watch.choosing():
                    words = await _step_by_words(state, action, by_words())
                    if not words[1].added:  # the words know nothing: better late than nothing
                        with anyio.move_on_after(MAX_LATE_SECONDS):
                            await is_taken.wait()
                taken = [words] if words[1].added else [*taken, words]
            tasks.cancel_scope.cancel()
        return taken[0]


async def _step_by_words(state: SessionState, action: Action, context: Context) -> Taken:
    """Take a step without the encoder and its threads, and without those of all others, which may wait for it."""
    state, decision = await anyio.to_thread.run_sync(step, state, action, context, limiter=anyio.CapacityLimiter(1))
    if not decision.ranked:
        return state, decision
    # Not settled: the same prompt again deserves the whole choice.
    return replace(state, settled=None), replace(decision, reason=f"{decision.reason} ({BY_WORDS})")
