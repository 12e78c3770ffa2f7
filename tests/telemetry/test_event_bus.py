import pytest
from structlog.testing import capture_logs

from mcp_dynaload.masking import MASK, Masker
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import NOBODY, Event, Fallback, FellBack, Who
from tests.planted import TOKENS
from tests.telemetry.events import a_call, opened


def test_each_observer_is_told_each_event_with_its_time() -> None:
    seen: list[tuple[float, Event]] = []
    event_bus = EventBus(clock=lambda: 7.0)

    def observe(at: float, event: Event) -> None:
        seen.append((at, event))

    event_bus.observe(observe)
    event_bus.emit(opened())
    event_bus.forget(observe)
    event_bus.emit(a_call("a"))

    assert seen == [(7.0, opened())]


def test_a_failing_observer_is_logged_and_harms_neither_the_caller_nor_the_others() -> None:
    seen: list[Event] = []

    def fail(at: float, event: Event) -> None:
        raise RuntimeError("broken")

    event_bus = EventBus(fail, lambda at, event: seen.append(event))
    with capture_logs() as logs:
        event_bus.emit(opened())

    assert seen == [opened()]
    assert [(line["event"], line["kind"]) for line in logs] == [("event_observer_failed", "SessionOpened")]


@pytest.mark.proves("secrets")
def test_whoever_observes_events_sees_no_secret() -> None:
    secret, seen = TOKENS["openai"], list[Event]()
    event_bus = EventBus(lambda at, event: seen.append(event), masker=Masker.of(["swordfish-4711"]))
    who = Who(session=TOKENS["ours"], user="ann", project="/p")

    event_bus.emit(
        FellBack(who=who, step=Fallback.UNKNOWN_NAME, tool=f"get {secret}", detail="password=x or swordfish-4711")
    )
    event_bus.emit(usual := FellBack(who=NOBODY, step=Fallback.UNKNOWN_NAME, tool="get_token", detail="get_tokens"))

    hidden = FellBack(
        who=Who(session=MASK, user="ann", project="/p"),
        step=Fallback.UNKNOWN_NAME,
        tool=f"get {MASK}",
        detail=f"password={MASK} or {MASK}",
    )
    assert seen == [hidden, usual]
    assert seen[1] is usual
