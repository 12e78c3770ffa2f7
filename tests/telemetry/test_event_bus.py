import pytest
from structlog.testing import capture_logs

from mcp_dynaload.masking import MASK, Masker
from mcp_dynaload.telemetry.event_bus import Facts
from mcp_dynaload.telemetry.events import NOBODY, Fact, Fallback, FellBack, Who
from tests.planted import TOKENS
from tests.telemetry.facts import a_call, opened


def test_each_observer_is_told_each_fact_with_its_time() -> None:
    seen: list[tuple[float, Fact]] = []
    facts = Facts(clock=lambda: 7.0)

    def observe(at: float, fact: Fact) -> None:
        seen.append((at, fact))

    facts.observe(observe)
    facts.emit(opened())
    facts.forget(observe)
    facts.emit(a_call("a"))

    assert seen == [(7.0, opened())]


def test_a_failing_observer_is_logged_and_harms_neither_the_caller_nor_the_others() -> None:
    seen: list[Fact] = []

    def fail(at: float, fact: Fact) -> None:
        raise RuntimeError("broken")

    facts = Facts(fail, lambda at, fact: seen.append(fact))
    with capture_logs() as logs:
        facts.emit(opened())

    assert seen == [opened()]
    assert [(line["event"], line["fact"]) for line in logs] == [("fact_observer_failed", "SessionOpened")]


@pytest.mark.proves("secrets")
def test_whoever_observes_facts_sees_no_secret() -> None:
    secret, seen = TOKENS["openai"], list[Fact]()
    facts = Facts(lambda at, fact: seen.append(fact), masker=Masker.of(["swordfish-4711"]))
    who = Who(session=TOKENS["ours"], user="ann", project="/p")

    facts.emit(
        FellBack(who=who, step=Fallback.UNKNOWN_NAME, tool=f"get {secret}", detail="password=x or swordfish-4711")
    )
    facts.emit(usual := FellBack(who=NOBODY, step=Fallback.UNKNOWN_NAME, tool="get_token", detail="get_tokens"))

    hidden = FellBack(
        who=Who(session=MASK, user="ann", project="/p"),
        step=Fallback.UNKNOWN_NAME,
        tool=f"get {MASK}",
        detail=f"password={MASK} or {MASK}",
    )
    assert seen == [hidden, usual]
    assert seen[1] is usual
