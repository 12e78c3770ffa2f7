"""From measurements to checks with points: five headings of 20."""

from collections.abc import Iterable, Iterator
from statistics import fmean

from mcp_dynaload.measure.chaos.figures import MAX_LATENCY_RATIO, ChaosFigures
from mcp_dynaload.measure.installation.check import Check, Heading, Load, Timing, at_least, yes
from mcp_dynaload.measure.installation.choice import NEEDLESS, ChoiceFigures
from mcp_dynaload.measure.installation.experience import Experience
from mcp_dynaload.measure.installation.recovery import Recovery
from mcp_dynaload.measure.installation.sessions import ConcurrentSessions
from mcp_dynaload.proxy.commands.layout import WIDTH

DETECTION_MS, LOADING_MS, CACHE_MS, TOTAL_MS, COMMAND_MS, MANY_SESSIONS_MS = 50.0, 200.0, 10.0, 250.0, 100.0, 1_000.0
REDUCTION_PERCENT, SUCCESS_PERCENT = 70.0, 95.0
FOUND_SHARE, LOADED_SHARE, QUIET_SHARE = 0.95, 0.5, 0.9
START_SECONDS = 2.0
MEMORY_GROWTH = 0.10


def timings_of(figures: ChoiceFigures) -> tuple[Timing, ...]:
    """Return the times with their targets."""
    loading = (
        Timing(f"loading, tiers listed: {tiers}", LOADING_MS, tuple(values))
        for tiers, values in sorted(figures.loading_ms.items())
    )
    return (
        Timing("detection", DETECTION_MS, tuple(figures.detection_ms)),
        *loading,
        Timing("cache operation", CACHE_MS, tuple(figures.cache_ms)),
        Timing("end to end", TOTAL_MS, tuple(figures.total_ms)),
    )


def figures_of(figures: ChoiceFigures) -> dict[str, tuple[float, float]]:
    """Return shares in percent with their least."""
    done = figures.operations - len(figures.errors)
    return {
        "success": (100 * done / figures.operations if figures.operations else 0.0, SUCCESS_PERCENT),
        "reduction": (fmean(figures.reductions) if figures.reductions else 0.0, REDUCTION_PERCENT),
    }


def functionality(
    figures: ChoiceFigures, servers: int, failing: dict[str, str], experience: Experience
) -> Iterator[Check]:
    """Yield checks that everything does what it is for."""
    works = servers - len(failing)
    told = f"{works} of {servers}" + (f"; not: {', '.join(sorted(failing))}" if failing else "")
    yield _check(Heading.FUNCTIONALITY, "servers start and list their tools", 6, works / servers, told, "all")
    found = figures.found / figures.sampled if figures.sampled else 0.0
    yield _check(
        Heading.FUNCTIONALITY, "tools are found by their own words", 5, at_least(found, FOUND_SHARE),
        f"{figures.found} of {figures.sampled}", f"{FOUND_SHARE:.0%}",
    )  # fmt: skip
    loaded = figures.loaded / figures.sampled if figures.sampled else 0.0
    yield _check(
        Heading.FUNCTIONALITY, "a prompt in a tool's words loads it", 5, at_least(loaded, LOADED_SHARE),
        f"{figures.loaded} of {figures.sampled}", f"{LOADED_SHARE:.0%}",
    )  # fmt: skip
    failed = ", ".join(experience.commands_failed)
    yield _check(Heading.FUNCTIONALITY, "every command does what it says", 4, yes(not failed), failed or "all", "all")


def performance(timings: Iterable[Timing], figures: dict[str, tuple[float, float]]) -> Iterator[Check]:
    """Yield checks that it is fast enough, and worth it."""
    timings = tuple(timings)
    points = {"detection": 5, "cache operation": 3, "end to end": 3}
    for timing in timings:
        if timing.name in points:
            yield _timed(timing, points[timing.name])
    loading = [timing for timing in timings if timing.name.startswith("loading")]
    slowest = max(loading, key=lambda timing: timing.percentile(0.95), default=Timing("loading", LOADING_MS, ()))
    yield _timed(slowest, 5)
    measured, least = figures["reduction"]
    yield _check(
        Heading.PERFORMANCE, "tokens saved, mean of the prompts", 4, at_least(measured, least),
        f"{measured:.1f}%", f"{least:.0f}%",
    )  # fmt: skip


def reliability(
    figures: dict[str, tuple[float, float]], recovery: Recovery, database: str | None, disk: str | None
) -> Iterator[Check]:
    """Yield checks that it goes on when something breaks."""
    measured, least = figures["success"]
    yield _check(
        Heading.RELIABILITY,
        "operations that succeed",
        4,
        at_least(measured, least),
        f"{measured:.1f}%",
        f"{least:.0f}%",
    )
    for name, points, wrong in (
        ("a killed server is back for the next call", 4, recovery.restarted),
        ("a dead server harms no other", 3, recovery.others_unharmed),
        ("an ended session comes back with its tools", 2, recovery.resumed),
        ("the database is sound", 4, database),
        ("the state folder takes a write", 3, disk),
    ):
        yield _check(Heading.RELIABILITY, name, points, yes(wrong is None), wrong or "yes", "yes")


def scalability(many: ConcurrentSessions, recovery: Recovery) -> Iterator[Check]:
    """Yield checks that it carries many sessions."""
    right = many.operations > 0 and not many.wrong and not many.failed
    told = f"{many.sessions} sessions, {many.operations} operations, {many.wrong} wrong, {many.failed} failed"
    yield _check(Heading.SCALABILITY, "sessions at once get their own answers", 7, yes(right), told, "none wrong")
    yield _timed(Timing("a query in the crowd", MANY_SESSIONS_MS, many.total_ms), 4, Heading.SCALABILITY)
    growth = f"{many.memory_mb_before:.0f} → {many.memory_mb_after:.0f} MB"
    yield _check(
        Heading.SCALABILITY, "memory stays as it is round after round", 5, yes(many.memory_growth <= MEMORY_GROWTH),
        growth, f"+{MEMORY_GROWTH:.0%}",
    )  # fmt: skip
    refused = recovery.refused
    yield _check(
        Heading.SCALABILITY, "a session over the limit is refused", 4, yes(refused is None), refused or "yes", "yes"
    )


def experience_checks(figures: ChoiceFigures, experience: Experience) -> Iterator[Check]:
    """Yield checks of what a user notices."""
    yield _timed(Timing("commands answer", COMMAND_MS, experience.command_ms), 4, Heading.EXPERIENCE)
    yield _check(
        Heading.EXPERIENCE, f"answers fit {WIDTH} columns", 3, yes(experience.widest <= WIDTH),
        f"widest {experience.widest}", str(WIDTH),
    )  # fmt: skip
    seconds = experience.start_seconds
    yield _check(
        Heading.EXPERIENCE, "start to first list", 4, yes(seconds is not None and seconds < START_SECONDS),
        "never" if seconds is None else f"{seconds:.2f} s", f"{START_SECONDS:.0f} s",
    )  # fmt: skip
    quiet = 1 - len(figures.needless_loaded) / len(NEEDLESS)
    yield _check(
        Heading.EXPERIENCE, "prompts that need nothing load nothing", 4, at_least(quiet, QUIET_SHARE),
        f"{quiet:.0%}", f"{QUIET_SHARE:.0%}",
    )  # fmt: skip
    wrong = [finding.what for finding in experience.findings if finding.level == "wrong"]
    yield _check(
        Heading.EXPERIENCE, "Claude Code is set up to use us", 5, yes(not wrong), "; ".join(wrong) or "yes", "yes"
    )


def load_checks(name: str, load: Load) -> Iterator[Check]:
    """Yield the checks of a load test, for no points: the score is the same without, but the test can fail."""
    told = f"{load.calls} calls, {load.lost} lost, {load.crossed} crossed, {load.failed} honest errors"
    right = load.calls > 0 and not load.lost and not load.crossed
    yield _check(
        Heading.SCALABILITY, f"{name}: every call gets its own answer", 0, yes(right), told, "0 lost or crossed"
    )
    yield _check(
        Heading.SCALABILITY, f"{name}: memory is flat", 0, yes(load.memory_growth <= MEMORY_GROWTH),
        f"{load.memory_growth:+.1%}", f"+{MEMORY_GROWTH:.0%}",
    )  # fmt: skip
    yield _check(
        Heading.SCALABILITY, f"{name}: one session too many is refused", 0, yes(load.refused),
        "yes" if load.refused else "no", "yes",
    )  # fmt: skip


def chaos_checks(chaos: ChaosFigures) -> Iterator[Check]:
    """Yield the checks of a run of faults, for no points."""
    wrong = {what: count for what, count in chaos.zeros.items() if count}
    told = ", ".join(f"{count} {what}" for what, count in wrong.items())
    right = f"{chaos.calls} calls, {chaos.faults} faults of {len(chaos.kinds)} kinds"
    yield _check(
        Heading.RELIABILITY, "faults: nothing lost, answered twice, crossed, harmed or leaked", 0,
        yes(not wrong and chaos.calls > 0), told or right, "all 0",
    )  # fmt: skip
    yield _check(
        Heading.RELIABILITY, "faults: other servers' calls keep their time", 0,
        yes(chaos.worst_ratio <= MAX_LATENCY_RATIO), f"p99 {chaos.worst_ratio:.1f} times quiet at worst",
        f"{MAX_LATENCY_RATIO:.0f} times",
    )  # fmt: skip


def _timed(timing: Timing, points: int, heading: Heading = Heading.PERFORMANCE) -> Check:
    p95 = timing.percentile(0.95)
    measured = f"p95 {p95:.1f} ms" if timing.values_ms else "nothing was measured"
    return _check(heading, timing.name, points, yes(timing.passed), measured, f"< {timing.target_ms:.0f} ms")


def _check(heading: Heading, name: str, points: int, share: float, measured: str, target: str) -> Check:
    return Check(heading, name, points, share, measured, target)
