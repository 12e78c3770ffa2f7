from structlog.testing import capture_logs

from mcp_dynaload.telemetry.facts import Fact
from mcp_dynaload.telemetry.stream import Facts
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
