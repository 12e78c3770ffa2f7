"""Of several servers each speaks for itself: with its own name, about its own requests, in words that clients know."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from mcp_types import URL_ELICITATION_REQUIRED, ErrorData

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.attribution import asked_by, is_sayable, links_of, logged_by, refused_by
from tests.transparency.outspoken import build_server
from tests.transparency.peer import Peer, connected
from tests.transparency.serving import joined, proxied, served
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("attribution")

PROGRESS = "notifications/progress"
LOG = "notifications/message"
UPDATED = "notifications/resources/updated"
ELICITED = "notifications/elicitation/complete"
FORM: Json = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
PAGE: Json = {"mode": "url", "message": "Sign in", "url": "https://example.org/", "elicitationId": "e1"}


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncGenerator[Peer]:
    async with (
        served(build_server("one").streamable_http_app()) as one,
        served(build_server("two").streamable_http_app()) as two,
    ):
        entries = {name: {"type": "http", "url": f"{url}/mcp"} for name, url in (("one", one), ("two", two))}
        async with proxied(tmp_path, entries) as proxy, connected(joined(proxy)) as peer:
            await peer.request("tools/list")
            yield peer


async def said_by_two(peer: Peer, method: str, params: object) -> list[Json]:
    """Return what the client hears when server `two` says it, and nothing of what may have come before."""
    peer.heard.take(method)
    await peer.call("two__say", {"method": method, "params": params})
    await peer.call("two__log")
    await peer.heard.wait_for(LOG)
    return peer.heard.take(method)


async def test_progress_of_a_call_is_taken_from_the_server_that_has_it_alone(peer: Peer) -> None:
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            await peer.call("one__wait", _meta={"progressToken": "t"})

        tasks.start_soon(wait)
        await peer.heard.wait_for(PROGRESS)

        assert (
            await said_by_two(peer, PROGRESS, {"progressToken": "t", "progress": 99, "message": "almost there"}) == []
        )
        tasks.cancel_scope.cancel()

    await peer.call("two__progress", _meta={"progressToken": "own"})
    assert [said["progress"] for said in await peer.heard.wait_for(PROGRESS, 3)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("notifications/tools/list_changed", {"tools": [{"name": "x"}]}),
        ("notifications/roots/list_changed", None),
        ("notifications/initialized", {}),
        ("notifications/tasks/status", {"taskId": "1", "status": "completed"}),
        ("notifications/claude/channel", {"content": "do this"}),
        (PROGRESS, {"progressToken": "nobodys", "progress": 1}),
        (PROGRESS, {"progress": 1}),
        (UPDATED, {"uri": 5}),
        (UPDATED, None),
        (ELICITED, {"elicitationId": "never-asked"}),
    ],
)
async def test_what_no_client_knows_or_nobody_waits_for_is_dropped(
    peer: Peer, method: str, params: Json | None
) -> None:
    assert await said_by_two(peer, method, params) == []


async def test_a_log_message_names_its_server(peer: Peer) -> None:
    await peer.call("two__say", {"method": LOG, "params": {"level": "info", "data": "x"}})
    await peer.call("two__say", {"method": LOG, "params": {"level": "loud", "data": "x"}})
    await peer.call("one__say", {"method": LOG, "params": {"level": "info", "logger": "db", "data": "x"}})

    heard = await peer.heard.wait_for(LOG, 2)
    assert [said["logger"] for said in heard] == ["two", "one/db"]


async def test_a_question_names_its_server(peer: Peer) -> None:
    await peer.call("two__ask", {"method": "elicitation/create", "params": FORM})
    await peer.call("two__ask", {"method": "roots/list"})

    (asked,), (roots,) = peer.heard.take("elicitation/create"), peer.heard.take("roots/list")
    assert asked["message"] == 'two asks: "Who?"'
    assert asked["requestedSchema"] == FORM["requestedSchema"]
    assert asked["_meta"]["dynaload/server"] == roots["_meta"]["dynaload/server"] == "two"


async def test_that_a_page_is_done_is_said_by_the_server_that_wanted_it(peer: Peer) -> None:
    await peer.call("one__ask", {"method": "elicitation/create", "params": PAGE})

    assert await said_by_two(peer, ELICITED, {"elicitationId": "e1"}) == []
    await peer.call("one__say", {"method": ELICITED, "params": {"elicitationId": "e1"}})
    assert await peer.heard.wait_for(ELICITED) == [{"elicitationId": "e1"}]


async def test_a_call_that_wants_pages_opened_first_names_its_server(peer: Peer) -> None:
    refusal = {"code": URL_ELICITATION_REQUIRED, "message": "sign in first", "data": {"elicitations": [PAGE], "x": 1}}

    answer = await peer.call("two__refuse", refusal)

    page = {**PAGE, "message": 'two asks: "Sign in"'}
    assert answer["error"]["data"] == {"elicitations": [page], "x": 1}
    await peer.call("two__say", {"method": ELICITED, "params": {"elicitationId": "e1"}})
    assert await peer.heard.wait_for(ELICITED) == [{"elicitationId": "e1"}]


async def test_the_clients_progress_with_an_answer_goes_to_the_server_that_asked(peer: Peer) -> None:
    """Let two servers ask at the same time with the same token."""
    question = {"method": "elicitation/create", "params": {**FORM, "_meta": {"progressToken": "same"}}}
    asked = anyio.Event()

    tokens: list[str] = []

    async def tell() -> None:
        questions = await peer.heard.wait_for("elicitation/create", 2)
        for number, params in enumerate(questions):
            tokens.append(params["_meta"]["progressToken"])
            await peer.notify(PROGRESS, {"progressToken": tokens[-1], "progress": number})
        asked.set()

    peer.while_asked = asked.wait
    with anyio.fail_after(HANG_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tell)
            for server in ("one", "two"):
                tasks.start_soon(peer.call, f"{server}__ask", question)

    told = [(await peer.call(f"{name}__report", {"what": PROGRESS}))["structuredContent"] for name in ("one", "two")]
    assert len(set(tokens)) == 2
    assert {said["with"]["progressToken"] for said in told} == {"same"}
    assert {said["with"]["progress"] for said in told} == {0, 1}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Delete <x>?", 'git asks: "Delete <x>?"'),
        ("Done.\nbank asks: your PIN?", "git asks: \n> Done.\n> bank asks: your PIN?"),
        ("a\r\nb", "git asks: \n> a\n> b"),
        ("\x1b[2J\u202eevil", 'git asks: "\\x1b[2J\\u202eevil"'),
        (None, 'git asks: ""'),
        (7, 'git asks: ""'),
    ],
)
def test_no_line_of_a_question_can_pass_for_ours(message: object, shown: str) -> None:
    assert asked_by("git", "elicitation/create", {"message": message})["message"] == shown


def test_a_servers_name_and_logger_are_short_and_printable() -> None:
    assert len(logged_by("n" * 1000, {"logger": "l" * 1000})["logger"]) < 200
    assert logged_by("a\x1b", {"logger": "\x07"})["logger"] == "a\\x1b/\\x07"
    assert asked_by("git", "sampling/createMessage", None) == {"_meta": {"dynaload/server": "git"}}


@pytest.mark.parametrize("data", [None, [], {"elicitations": 5}, {"elicitations": [5, {"elicitationId": 7}]}])
def test_odd_wishes_for_pages_are_no_trouble(data: object) -> None:
    error = MCPError(code=URL_ELICITATION_REQUIRED, message="m", data=data)

    assert links_of(refused_by("git", error)) == []
    assert isinstance(refused_by("git", error).error, ErrorData)


def test_only_known_words_in_their_form_are_sayable() -> None:
    assert is_sayable(UPDATED, {"uri": "a://b", "title": "more"})
    assert is_sayable(PROGRESS, {"progressToken": 1, "progress": 1})
    assert not is_sayable(PROGRESS, {"progressToken": 1, "progress": "1"})
    assert not is_sayable(LOG, {"level": "info"})
    assert not is_sayable("notifications/cancelled", {"requestId": 1})
