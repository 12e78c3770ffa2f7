"""Two replicas behind the load balancer's configuration that we give away, over one Redis."""

import json
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import MCPError

from mcp_dynaload.demo.typist import Typist, text_of, typist
from tests.deploy.nginx import running_nginx
from tests.faults.scripted import text_in, until
from tests.http.processes import MODULE, address_of, environment, process
from tests.redis_server import RedisServer, running_redis
from tests.waiting import HANG_SECONDS

ECHO, PID = "a__echo", "a__pid"


@dataclass(frozen=True, slots=True)
class Replica:
    """A process with a state folder of its own."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def log(self) -> str:
        return text_in(self.folder / "stderr")

    async def sessions(self) -> int:
        async with httpx2.AsyncClient() as http:
            return (await http.get(f"http://127.0.0.1:{self.port}/readyz")).json()["sessions"]

    def kill(self) -> None:
        """Kill it without warning."""
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Team:
    """The replicas that a user reaches at one address."""

    port: int
    replicas: Sequence[Replica]
    redis: RedisServer
    variables: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def with_sessions(self) -> list[Replica]:
        return [replica for replica in self.replicas if replica.process.poll() is None and await replica.sessions()]

    async def usage(self, folder: Path) -> dict[str, int]:
        """Return how often each tool was called, as a user asks for it on any machine."""
        told = await anyio.run_process([*MODULE, "stats", "--json"], env=environment(folder, **self.variables))
        return {tool["name"]: tool["uses"] for tool in json.loads(told.stdout)["tools"]}

    async def until_used(self, folder: Path, tool: str) -> dict[str, int]:
        """Wait until a tool's calls are counted, a moment after the store is there again; returns all counts."""
        with anyio.fail_after(HANG_SECONDS):
            while tool not in (usage := await self.usage(folder)):
                await anyio.lowlevel.checkpoint()
        return usage

    async def journalled(self, folder: Path) -> list[str]:
        """Return the tools whose calls are in the journal, oldest first."""
        command = [*MODULE, "audit", "--kind", "tool_called", "--json"]
        told = await anyio.run_process(command, env=environment(folder, **self.variables))
        return [entry["tool"] for entry in json.loads(told.stdout)["entries"]]

    async def until_journalled(self, folder: Path, tools: list[str]) -> None:
        """Wait until the calls are in the journal, a moment after they have been answered."""
        with anyio.fail_after(HANG_SECONDS):
            while await self.journalled(folder) != tools:
                await anyio.lowlevel.checkpoint()


MAX_CLIENTS = 32
"""The clients that are opened at most: all of so many are drawn for one replica once in two thousand million times."""


@asynccontextmanager
async def team(folder: Path) -> AsyncGenerator[Team]:
    project = folder / "project"
    project.mkdir()
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(running_redis(folder))
        variables = {"CLAUDE_PROJECT_DIR": str(project), "MCP_DYNALOAD_STORE_URL": redis.url}
        started = [
            (place, stack.enter_context(process(place, **variables))) for place in (folder / "one", folder / "two")
        ]
        replicas = [
            Replica(place, int((await address_of(place)).rsplit(":", 1)[1].split("/")[0]), running)
            for place, running in started
        ]
        for replica in replicas:
            await replica.sessions()  # it listens a moment before it has started
        port = stack.enter_context(running_nginx(folder / "nginx", [replica.port for replica in replicas]))
        yield Team(port, replicas, redis, variables)


async def names(client: Typist) -> list[str]:
    return [tool.name for tool in await client.listed()]


async def echoed(client: Typist, text: str) -> str:
    return json.loads(text_of(await client.call(ECHO, {"text": text})))["text"]


@pytest.mark.proves("team-replicas")
async def test_a_conversation_goes_on_when_its_replica_is_killed(tmp_path: Path) -> None:
    async with team(tmp_path) as team_:
        async with typist(team_.url, "conversation") as client:
            await client.command(f"pin {PID}")
            await client.command("load-category a")
            assert await echoed(client, "before") == "before"
            await client.hook("Stop")
            before = await names(client)
            await team_.until_journalled(tmp_path / "person", [ECHO])
            (mine,) = await team_.with_sessions()
            mine.kill()
            with pytest.raises(MCPError, match="Session not found"):  # 404: initialise anew
                await echoed(client, "lost")
        async with typist(team_.url, "conversation") as client:
            pinned = await names(client)
            await client.prompt("go on")
            after = await names(client)
            answer = await echoed(client, "after")
            await client.hook("Stop")
            (other,) = await team_.with_sessions()
        usage = await team_.usage(tmp_path / "person")
        await team_.until_journalled(tmp_path / "person", [ECHO, ECHO])

    assert other is not mine
    assert len(before) > 10
    assert pinned == [PID, "find_tools"]
    assert after == before
    assert answer == "after"
    assert usage[ECHO] == 2


@pytest.mark.proves("team-replicas")
async def test_each_request_reaches_the_replica_that_has_its_session(tmp_path: Path) -> None:
    async with team(tmp_path) as team_, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(typist(team_.url)) for _ in range(8)]
        while len(clients) < MAX_CLIENTS and len(await team_.with_sessions()) < 2:  # who gets which is drawn by lot
            clients.append(await stack.enter_async_context(typist(team_.url)))
        many = len(clients)
        answers = [
            [await echoed(client, f"{number} {turn}") for turn in range(3)] for number, client in enumerate(clients)
        ]
        pids = [{text_of(await client.call(PID, {})) for _ in range(3)} for client in clients]
        sessions = [await replica.sessions() for replica in team_.replicas]

    assert answers == [[f"{number} {turn}" for turn in range(3)] for number in range(many)]
    assert [len(of_one) for of_one in pids] == [1] * many
    assert len(set[str]().union(*pids)) == many
    assert sum(sessions) == many
    assert all(sessions)


@pytest.mark.proves("team-store-away")
async def test_calls_go_on_while_redis_is_away_and_what_they_count_is_there_afterwards(tmp_path: Path) -> None:
    async with team(tmp_path) as team_:
        async with typist(team_.url, "conversation") as client:
            team_.redis.stop()
            assert await echoed(client, "alone") == "alone"
            told = (await client.command(f"pin {PID}")).reason or ""
            await client.hook("Stop")
            (mine,) = await team_.with_sessions()
            team_.redis.start()
            await until(lambda: "store_reachable_again" in mine.log)
            usage = await team_.until_used(tmp_path / "person", ECHO)
            await team_.until_journalled(tmp_path / "person", [ECHO])
        async with typist(team_.url, "another") as client:
            listed = await names(client)

    assert "In this session only, so far" in told
    assert "store_unreachable" in mine.log
    assert usage[ECHO] == 1
    assert listed == [PID, "find_tools"]


@pytest.mark.proves("team-replicas")
async def test_a_token_made_on_any_machine_opens_every_replica_until_it_is_revoked(tmp_path: Path) -> None:
    initialise = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
    }
    accept = {"Accept": "application/json, text/event-stream"}
    async with team(tmp_path) as team_, httpx2.AsyncClient(timeout=30) as http:
        ports = [team_.port, *(replica.port for replica in team_.replicas)]

        async def statuses(headers: dict[str, str]) -> list[int]:
            addresses = [f"http://127.0.0.1:{port}/mcp" for port in ports]
            return [
                (await http.post(url, json=initialise, headers={**accept, **headers})).status_code for url in addresses
            ]

        async def run(*command: str) -> str:
            environ = environment(tmp_path / "person", **team_.variables)
            return (await anyio.run_process([*MODULE, "token", *command], env=environ)).stdout.decode().strip()

        before = await statuses({})
        token = {"Authorization": f"Bearer {await run('create', 'ann')}"}
        without, with_it = await statuses({}), await statuses(token)
        await run("revoke", "ann")
        revoked = await statuses(token)

    assert (before, without, with_it, revoked) == ([200] * 3, [401] * 3, [200] * 3, [401] * 3)
