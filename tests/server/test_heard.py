from mcp_dynaload.server.heard import TOGETHER_SECONDS, Heard


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_event_that_the_other_way_told_is_its_second_telling_once() -> None:
    heard = Heard()

    assert not heard.is_second("prompt", by_plugin=False)
    assert heard.is_second("prompt", by_plugin=True)
    assert not heard.is_second("prompt", by_plugin=True)


def test_the_same_way_tells_only_what_happens_again() -> None:
    heard = Heard()

    assert [heard.is_second("stop", by_plugin=True) for _ in range(3)] == [False] * 3


def test_what_was_told_long_ago_has_nothing_to_do_with_it() -> None:
    clock = Clock()
    heard = Heard(clock)
    heard.is_second("prompt", by_plugin=False)
    clock.now += TOGETHER_SECONDS

    assert not heard.is_second("prompt", by_plugin=True)


def test_of_two_events_each_has_its_own_second_telling() -> None:
    heard = Heard()

    assert [heard.is_second(event, by_plugin=False) for event in ("one", "two")] == [False, False]
    assert [heard.is_second(event, by_plugin=True) for event in ("two", "one")] == [True, True]
