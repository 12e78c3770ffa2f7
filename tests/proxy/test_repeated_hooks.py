from mcp_dynaload.proxy.repeated_hooks import TOGETHER_SECONDS, RepeatedHooks


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_event_that_another_way_told_is_told_again_once() -> None:
    heard = RepeatedHooks()

    assert not heard.is_again("prompt", "settings")
    assert heard.is_again("prompt", "plugin")
    assert not heard.is_again("prompt", "plugin")


def test_of_three_ways_the_first_one_counts() -> None:
    heard = RepeatedHooks()

    assert [heard.is_again("prompt", way) for way in ("settings", "link", "marketplace")] == [False, True, True]
    assert [heard.is_again("prompt", way) for way in ("link", "settings", "marketplace")] == [False, True, True]


def test_the_same_way_tells_only_what_happens_again() -> None:
    heard = RepeatedHooks()

    assert [heard.is_again("stop", "plugin") for _ in range(3)] == [False] * 3


def test_what_was_told_long_ago_has_nothing_to_do_with_it() -> None:
    clock = Clock()
    heard = RepeatedHooks(clock)
    heard.is_again("prompt", "settings")
    clock.now += TOGETHER_SECONDS

    assert not heard.is_again("prompt", "plugin")


def test_of_two_events_each_has_its_own_second_telling() -> None:
    heard = RepeatedHooks()

    assert [heard.is_again(event, "settings") for event in ("one", "two")] == [False, False]
    assert [heard.is_again(event, "plugin") for event in ("two", "one")] == [True, True]
