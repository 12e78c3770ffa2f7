from mcp_dynaload.upstream.backoff import Backoff


def rests(backoff: Backoff, times: int) -> list[float]:
    """Return how long it rests after each of several failures in a row, at the very moment."""
    seconds: list[float] = []
    for _ in range(times):
        backoff.failed("broken", 100.0)
        seconds.append(max(0.0, backoff.seconds_left(100.0)))
    return seconds


def test_the_first_failure_may_be_chance_and_each_further_one_doubles_the_rest_to_a_limit() -> None:
    assert rests(Backoff(), 9) == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_the_rest_ends() -> None:
    backoff = Backoff()
    rests(backoff, 3)

    assert backoff.seconds_left(101.5) == 0.5
    assert backoff.seconds_left(103.0) == -1


def test_after_an_answer_failures_are_counted_anew() -> None:
    backoff = Backoff()
    rests(backoff, 5)

    backoff.answered()

    assert (backoff.failures, backoff.last_error) == (0, "broken")
    assert rests(backoff, 2) == [0, 1]
