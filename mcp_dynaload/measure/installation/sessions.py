"""Many sessions at once on one catalog, in this process: right answers, how fast, how much memory."""

import time
from dataclasses import dataclass

import anyio
import psutil

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.options import IntegrationMode
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.probe import ECHO, probe

SESSIONS = 20
ROUNDS = 8
SUBJECTS = ("one", "two", "three", "four")


@dataclass(frozen=True, slots=True)
class ConcurrentSessions:
    """The outcome of many sessions at the same time."""

    sessions: int
    operations: int
    wrong: int
    """Answers that belong to another session or call."""

    failed: int
    total_ms: tuple[float, ...]
    """The time of each query while all others are at work."""

    memory_mb_before: float
    memory_mb_after: float
    """When all sessions are open, and after the last round: what a session leaves behind grows with rounds."""

    @property
    def memory_growth(self) -> float:
        """The share by which it grew."""
        return self.memory_mb_after / self.memory_mb_before - 1


async def measure_concurrent_sessions() -> ConcurrentSessions:
    """Run many sessions, each of which loads its own server's tools and calls them with nonces of its own."""
    servers = {name: probe(is_shared=name != "one") for name in SUBJECTS}
    total_ms: list[float] = []
    counts = {"operations": 0, "wrong": 0, "failed": 0}

    async def work(number: int, rounds: int) -> None:
        subject, session_id = SUBJECTS[number % len(SUBJECTS)], f"session {number}"
        for turn in range(rounds):
            nonce = f"{number}.{turn}"
            try:
                started = time.perf_counter()
                await dynaload.process_query(f"thanks, that was {nonce}", session_id=session_id)
                done = await dynaload.run_user_command(f"/load-category {subject}", session_id=session_id)
                total_ms.append((time.perf_counter() - started) * 1000)
                result = await dynaload.call_tool(f"{subject}__{ECHO}", {"nonce": nonce}, session_id=session_id)
            except DynaloadError:
                counts["failed"] += 1
                continue
            said = getattr(result.content[0], "text", "") if result.content else ""
            counts["operations"] += 3
            counts["wrong"] += said != nonce or not done.success

    async with Dynaload.open(
        mode=IntegrationMode.TESTING, config=servers, max_concurrent_sessions=SESSIONS + 1, enable_monitoring=False
    ) as dynaload:
        before = 0.0
        for rounds in (1, ROUNDS):
            async with anyio.create_task_group() as tasks:
                for number in range(SESSIONS):
                    tasks.start_soon(work, number, rounds)
            before = before or _memory_mb()
        return ConcurrentSessions(
            sessions=SESSIONS,
            operations=counts["operations"],
            wrong=counts["wrong"],
            failed=counts["failed"],
            total_ms=tuple(total_ms),
            memory_mb_before=before,
            memory_mb_after=_memory_mb(),
        )


def _memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6
