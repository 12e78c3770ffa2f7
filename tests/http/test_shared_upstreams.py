"""Upstreams that all sessions of a service share."""

from pathlib import Path

import mcp_types as types
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext

from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, entry, is_alive, starts, tool
from tests.http.services import service_of
from tests.proxy.clients import connected_to
from tests.transparency.serving import python_entry

pytestmark = pytest.mark.proves("service-shared")

SHARED = {"shared": True}


async def test_all_sessions_call_one_process_which_outlives_each_of_them(tmp_path: Path) -> None:
    starting = tmp_path / "starts"
    servers = {"a": entry("a", options=SHARED, starts_file=str(starting)), "b": entry("b")}
    async with service_of(tmp_path, servers) as service, service.client("sse") as other:
        async with service.client() as one:
            pids = [await one.say("a__pid"), await other.say("a__pid")]
            own = [await one.say("b__pid"), await other.say("b__pid")]

        assert is_alive(int(pids[0]))
        assert len(starts(starting)) == 1
        assert len(set(pids)) == 1
        assert len(set(own)) == 2
    assert not is_alive(int(pids[0]))


async def test_progress_reaches_the_session_that_waits_for_it_though_both_chose_the_same_token(tmp_path: Path) -> None:
    async with service_of(tmp_path, {"a": entry("a", options=SHARED)}) as service:
        told: dict[str, list[float]] = {"one": [], "other": []}

        async def call(name: str, client: Client) -> None:
            async def note(progress: float, total: float | None, message: str | None) -> None:
                told[name].append(progress)

            await client.call_tool("a__progress", {}, progress_callback=note)

        async with service.client() as one, service.client() as other:
            await call("one", one.client)
            assert (told["one"][-1], told["other"]) == (1.0, [])
            await call("other", other.client)

    assert (told["one"].count(1.0), told["other"]) == (1, [1.0])


async def test_a_question_of_a_shared_upstream_is_refused_and_that_is_said(tmp_path: Path) -> None:
    everything = python_entry("tests.transparency.everything", "stdio", shared=True)
    everything["dynaload"]["prefix"] = "a__"

    async def answer(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        raise AssertionError("nobody is to be asked")

    async with (
        service_of(tmp_path, {"a": everything}) as service,
        Client(service.url(), mode="legacy", elicitation_callback=answer) as client,
    ):
        with pytest.raises(Exception, match="shared by many clients"):
            await client.call_tool("a__test_elicitation", {"message": "Who?"})


async def test_changes_of_a_resource_reach_those_that_subscribed_until_they_stop(tmp_path: Path) -> None:
    note = {"uri": "note://one", "name": "one"}
    shared = entry("a", options=SHARED, offers={"tools": [], "resources": [note]}, offers_all=True)
    async with service_of(tmp_path, {"a": shared}) as service, service.client() as one, service.client() as other:
        shared_upstreams = service.state.proxy.sessions[0].host.shared_upstreams
        for client in (one, other):
            await client.raw("resources/list")
            await client.raw("resources/subscribe", uri="note://one")
        await one.raw("resources/unsubscribe", uri="note://one")
        await shared_upstreams.tell("a", "notifications/resources/updated", {"uri": "note://one"})
        await other.until_told("updated")

        assert one.told == []
        await other.raw("resources/unsubscribe", uri="note://one")
        await shared_upstreams.tell("a", "notifications/resources/updated", {"uri": "note://one"})
        await other.raw("tools/list")
        assert other.told == ["updated"]


async def test_a_process_with_one_client_shares_nothing(tmp_path: Path) -> None:
    own = config("a", options=UpstreamOptions(shared=True))
    async with connected_to(tmp_path, own, listings={"a": Listing(tools=(tool("pid"),))}) as client:
        assert int(await client.say("a__pid")) > 0
