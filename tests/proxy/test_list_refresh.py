"""How long a hook's answer is held."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
import pytest

from mcp_dynaload.proxy.client import (
    MAX_REREAD_SECONDS,
    TAKEOVER_PER_REREAD,
    TAKEOVER_SECONDS,
    TAKEOVER_WHILE_STARTING_SECONDS,
    ClientEnvironment,
    ListRefresh,
)

SLACK = 0.15
"""For the event loop; small against every time that is told apart here."""


@dataclass
class Held:
    """The time that a hold took."""

    seconds: float = -1

    async def measure(self, hold: Callable[[], Awaitable[None]]) -> None:
        before = anyio.current_time()
        await hold()
        self.seconds = anyio.current_time() - before


def a_list_refresh(*, interactive: bool = False, max_seconds: float = 0.2, age_seconds: float = 100) -> ListRefresh:
    """Return the state of a client that connected some time ago."""
    return ListRefresh(interactive, max_seconds, anyio.current_time() - age_seconds)


async def held(list_refresh: ListRefresh) -> float:
    taken = Held()
    await taken.measure(list_refresh.hold)
    return taken.seconds


async def held_while(list_refresh: ListRefresh, then: Callable[[], None]) -> float:
    taken = Held()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(taken.measure, list_refresh.hold)
        await anyio.wait_all_tasks_blocked()
        then()
    return taken.seconds


async def test_without_a_change_nothing_is_held() -> None:
    assert await held(a_list_refresh()) < SLACK


async def test_a_change_is_held_until_the_client_has_listed() -> None:
    list_refresh = a_list_refresh(max_seconds=5)
    list_refresh.announced()

    assert await held_while(list_refresh, list_refresh.was_read) < SLACK
    assert await held(list_refresh) < SLACK


async def test_a_client_that_does_not_list_is_not_waited_for_long() -> None:
    list_refresh = a_list_refresh(max_seconds=0.2)
    list_refresh.announced()

    assert 0.2 <= await held(list_refresh) < 0.2 + SLACK


@pytest.mark.proves("first-prompt")
async def test_a_client_that_is_known_to_list_is_waited_for_longer_till_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.client.SURE_REREAD_SECONDS", 0.4)
    list_refresh = a_list_refresh(max_seconds=0.05)
    list_refresh.is_sure = True
    list_refresh.announced()

    assert 0.4 <= await held(list_refresh) < 0.4 + SLACK
    assert await held(list_refresh) < 0.05 + SLACK
    list_refresh.was_read()
    list_refresh.announced()
    assert 0.4 <= await held(list_refresh) < 0.4 + SLACK


async def test_a_client_that_has_listed_just_before_is_given_its_pause_between_two_lists() -> None:
    list_refresh = a_list_refresh(max_seconds=0.2)
    list_refresh.was_read()
    list_refresh.announced()

    assert MAX_REREAD_SECONDS <= await held(list_refresh) < MAX_REREAD_SECONDS + SLACK


@pytest.mark.parametrize(("age_seconds", "takeover"), [(100, TAKEOVER_SECONDS), (0, TAKEOVER_WHILE_STARTING_SECONDS)])
async def test_an_interactive_client_has_time_to_take_the_list_over(age_seconds: float, takeover: float) -> None:
    list_refresh = a_list_refresh(interactive=True, max_seconds=5, age_seconds=age_seconds)
    announced_at, read_at = anyio.current_time(), list[float]()
    list_refresh.announced()

    def read() -> None:
        read_at.append(anyio.current_time())
        list_refresh.was_read()

    taken = await held_while(list_refresh, read)

    slowness = read_at[0] - announced_at  # of this machine just now: it has longer, as a slow one should
    assert takeover <= taken < max(takeover, TAKEOVER_PER_REREAD * slowness) + slowness + SLACK
    assert await held(list_refresh) < SLACK


async def test_a_client_that_has_begun_a_new_conversation_is_as_busy_as_at_its_start() -> None:
    list_refresh = a_list_refresh(interactive=True, max_seconds=5)
    list_refresh.started_over()
    list_refresh.announced()

    assert await held_while(list_refresh, list_refresh.was_read) >= TAKEOVER_WHILE_STARTING_SECONDS


@pytest.mark.proves("first-prompt")
async def test_a_client_that_a_busy_machine_slows_has_longer_to_take_the_list_over() -> None:
    now, slowness = anyio.current_time(), 0.15
    list_refresh = ListRefresh(True, 5, now - 100, False, anyio.Event(), now - slowness)

    taken = await held_while(list_refresh, list_refresh.was_read)

    assert TAKEOVER_PER_REREAD * slowness <= taken < TAKEOVER_PER_REREAD * slowness + 2 * SLACK


async def test_the_clients_pause_between_two_lists_does_not_count_as_slowness() -> None:
    now = anyio.current_time()
    list_refresh = ListRefresh(True, 5, now - 100, False, anyio.Event(), now - 0.9, now - 1)

    assert await held_while(list_refresh, list_refresh.was_read) < TAKEOVER_SECONDS + SLACK


async def test_holds_that_wait_together_end_together() -> None:
    list_refresh = a_list_refresh(max_seconds=5)
    list_refresh.announced()
    list_refresh.announced()
    first, second = Held(), Held()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first.measure, list_refresh.hold)
        tasks.start_soon(second.measure, list_refresh.hold)
        await anyio.wait_all_tasks_blocked()
        list_refresh.was_read()

    assert max(first.seconds, second.seconds) < SLACK


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ClientEnvironment(None, is_interactive=True, tool_search=True, model=None)),
        (
            {
                "CLAUDE_CODE_SESSION_ID": "s",
                "CLAUDE_CODE_ENTRYPOINT": "sdk-cli",
                "ENABLE_TOOL_SEARCH": "false",
                "ANTHROPIC_MODEL": "m",
            },
            ClientEnvironment("s", is_interactive=False, tool_search=False, model="m"),
        ),
        (
            {"CLAUDE_CODE_SESSION_ID": "", "CLAUDE_CODE_ENTRYPOINT": "cli", "ENABLE_TOOL_SEARCH": "auto:5"},
            ClientEnvironment(None, is_interactive=True, tool_search=True, model=None),
        ),
    ],
)
def test_the_environment_tells_about_the_client(variables: dict[str, str], expected: ClientEnvironment) -> None:
    assert ClientEnvironment.read(variables) == expected
