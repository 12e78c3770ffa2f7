"""Whatever a user and their servers do, in any order: what the user said holds, and all that is told agrees."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcp_dynaload.config.profiles import Profile
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import Event, ListChanged, SessionOpened
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.hunting import examples
from tests.proxy.clients import Connected, client_of, proxy_of
from tests.proxy.test_last_word import PATIENT, say
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("last-word")

LISTS = {
    "desk": (tool("echo", "Repeat the words of a ticket"), tool("pid", "Number of the process")),
    "ledger": (tool("bill", "Create an invoice for a customer"), tool("bills", "List all invoices of a customer")),
    "repo": (tool("log", "Show the git log of a repository"), tool("echo", "Echo text in the repository")),
}
PROFILES = {"work": Profile(servers=("desk", "repo"), pins=("*__pid",)), "books": Profile(servers=("ledger",))}
TOOLS = tuple(f"{server}__{one['name']}" for server, tools in LISTS.items() for one in tools)
TEXTS = ("repeat the words of a ticket", "create an invoice for a customer", "show the git log", "thanks")

commands = st.one_of(
    st.builds("{} {}".format, st.sampled_from(("unload", "pin", "unpin")), st.sampled_from(TOOLS)),
    st.builds(
        "{} {}".format,
        st.sampled_from(("load-category", "unload-category", "pin", "unpin")),
        st.sampled_from(tuple(LISTS)),
    ),
    st.builds("optimize-for {}".format, st.sampled_from(TEXTS)),
    st.builds("profile {}".format, st.sampled_from(("work", "books", "none"))),
    st.sampled_from(("load-tier 1", "load-tier 2", "load-tier 3 all", "reset", "performance-mode conservative")),
)
others = st.one_of(
    st.builds("prompt: {}".format, st.sampled_from(TEXTS)),
    st.builds("agent: {}".format, st.sampled_from(TEXTS)),
    st.builds("remove: {}".format, st.sampled_from(("desk", "repo"))),
    st.builds("session: {}".format, st.sampled_from(("today", "tomorrow"))),
    st.builds("begin: {}".format, st.sampled_from(("anew", "once more"))),
    st.sampled_from(("clear:", "compact:", "stop:", "search: git log", "restore:")),
)
LOADS = ("load-category", "load-tier", "optimize-for")


def configs(*, without: str = "") -> dict[str, UpstreamConfig]:
    pinned = {"ledger": ("bills",)}
    made = (
        config(
            name, offers={"tools": list(tools)}, options=UpstreamOptions(prefix=f"{name}__", pin=pinned.get(name, ()))
        )
        for name, tools in LISTS.items()
    )
    return {one.name: one for one in made if one.name != without}


@dataclass
class Told:
    """The lists as the journal has them, by session."""

    lists: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    again: set[str] = field(default_factory=set[str])
    """The tools told as added that were there."""

    def __call__(self, at: float, event: Event, /) -> None:
        if isinstance(event, SessionOpened):
            self.lists[event.who.session] = set()
        if isinstance(event, ListChanged):
            listed = self.lists[event.who.session]
            self.again |= listed.intersection(event.added)
            listed |= set(event.added)
            listed -= set(event.removed)


@dataclass
class Office:
    """A session in front of three servers, and what its user has said."""

    proxy: ProxyServer
    client: Connected
    told: Told
    id: str = "today"
    off: set[str] = field(default_factory=set[str])
    """The tools that the user wants no more."""

    pins: set[str] = field(default_factory=set[str])
    kept: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """The tools unloaded in a conversation when the user left it."""

    @property
    def session(self) -> Session:
        return self.proxy.sessions[0]

    @property
    def known(self) -> set[str]:
        return {one.name for one in self.session.catalog.tools}

    def of(self, words: str) -> set[str]:
        """Return the tools that a command's words mean, as far as the session knows them."""
        return {name for name in self.known if name == words or name.startswith(f"{words}__")}

    async def listed(self) -> set[str]:
        return set(await self.client.names()) - {"find_tools"}

    async def take(self, line: str) -> None:
        """Take a step, and see that what is answered is what has happened."""
        before, loaded = await self.listed(), self.loaded()
        kind, is_event, text = line.partition(": ") if ":" in line else ("", "", "")
        if is_event or line.endswith(":"):
            await self.happen(kind or line.rstrip(":"), text)
        else:
            answer = await say(self.client, line)
            self.understand(line, answer)
            gained = self.loaded() - loaded
            if line.startswith(LOADS):
                said = re.search(r"(?:Loaded|loaded the nearest) (\d+) ", answer)
                assert int(said[1] if said else 0) == len(gained), (answer, gained)
                assert set(re.findall(r"^  (\w+__\w+) +\d+  tokens", answer, re.MULTILINE)) == gained, answer
                assert "Withheld" not in answer
        listed = await self.listed()
        assert listed >= before or line == "clear:" or line.startswith("begin: "), before - listed

    async def happen(self, kind: str, text: str) -> None:
        match kind:
            case "prompt":
                await self.client.prompt(text)
            case "agent":
                await self.client.hook("PreToolUse", prompt=text)
            case "clear" | "compact":
                await self.client.hook("SessionStart", source=kind)
            case "search":
                found = set(re.findall(r"\b(?:desk|ledger|repo)__\w+", await self.client.say("find_tools", query=text)))
                assert not found & self.off
                assert found <= await self.listed()
            case "session" if text != self.id:
                self.kept[self.id], self.id = set(self.off), text
                await self.client.hook("Stop", session_id=text)
                self.off = set(self.kept.get(text, ()))
            case "begin" if text not in (self.id, *self.kept):
                self.kept[self.id], self.id = set(self.off), text
                await self.client.hook("SessionStart", source="clear", session_id=text)
            case "remove" | "restore":
                await self.proxy.reconfigure(configs(without=text))
                for name in configs(without=text):
                    await self.client.live.update(name, Listing(tools=LISTS[name]))
            case _:
                await self.client.hook("Stop")

    def understand(self, line: str, answer: str) -> None:
        """Note what the user has said with a command that was carried out."""
        name, _, words = line.partition(" ")
        shown = set(re.findall(r"^  (\w+__\w+) +\d+  tokens", answer, re.MULTILINE))
        match name:
            case "unload" | "unload-category":
                self.off |= self.of(words)
            case "pin":
                self.pins |= self.of(words)
                self.off -= self.of(words)
            case "unpin":
                meant = {tool for tool in self.pins if tool == words or tool.startswith(f"{words}__")}
                assert shown == meant, answer
                self.pins -= meant
            case "reset":
                self.off.clear()
            case "load-category":
                self.off -= self.of(words)
            case _:
                self.off -= self.known if words == "3 all" else shown

    def loaded(self) -> set[str]:
        return {one.name for one in self.session.loaded()}

    async def agrees(self) -> None:
        """See that everything that tells of the session tells the same."""
        session, listed, known = self.session, await self.listed(), self.known
        assert self.off == session.state.unloaded
        assert (self.pins & known) - self.off <= listed
        costs = session.live.catalog.costs
        tokens = session.live.overhead_tokens + sum(costs[name] for name in listed & known)
        idle = len(listed & known) - len(self.loaded())
        also = f" and {idle} listed until /clear" if idle else ""
        info = " ".join((await say(self.client, "session-info")).split())
        tools = f"{len(self.loaded())} of {len(session.live.catalog.tools)}"
        assert f"{tools} tools loaded{also}: {tokens:,} tokens" in info
        assert f" tools {tools} loaded " in info
        assert f"unloaded by you {len(self.off)} " in info
        assert f"pinned by you {len(self.pins)} " in info
        tiers = re.findall(r"^[123] \w+ +(\d+)  ", await say(self.client, "tier-status"), re.MULTILINE)[-3:]
        assert sum(map(int, tiers)) == len(known)
        assert int(tiers[2]) == len(known - listed)
        counted = re.findall(r"^(\w+) +\d+ +(\d+) ", await say(self.client, "list-categories"), re.MULTILINE)
        assert {name: int(loaded) for name, loaded in counted if name in LISTS} == {
            name: len(self.loaded() & self.of(name)) for name in LISTS if self.of(name)
        }
        assert self.told.lists[session.id] == listed & known
        assert not self.told.again


@asynccontextmanager
async def office(folder: Path) -> AsyncGenerator[Office]:
    bus, told = EventBus(), Told()
    bus.observe(told)
    listings = {name: Listing(tools=tools) for name, tools in LISTS.items()}
    async with (
        proxy_of(
            folder,
            list(configs().values()),
            listings,
            settings=PATIENT,
            session_id="today",
            profiles=PROFILES,
            event_bus=bus,
        ) as (proxy, live),
        client_of(proxy, live) as client,
    ):
        with anyio.fail_after(HANG_SECONDS):
            while not live.overhead_tokens:
                await anyio.lowlevel.checkpoint()
        yield Office(proxy, client, told)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(commands, commands, others), min_size=5, max_size=20))
@example(["load-category desk", "profile work", "profile books", "profile none"])
@example(["unload-category repo", "profile books", "load-tier 3 all"])
@example(["pin repo", "profile books", "unpin repo"])
@example(["session: tomorrow", "unload desk__echo", "session: today"])
@example(["pin repo__log", "remove: repo", "unpin repo"])
@example(["optimize-for repeat the words of a ticket", "profile work", "remove: desk", "reset", "remove: repo"])
@example(["unload desk__echo", "session: tomorrow", "session: today", "begin: anew", "reset", "session: today"])
@example(["optimize-for show the git log", "profile books", "session: tomorrow", "profile none", "session: today"])
def test_after_any_steps_what_the_user_said_holds_and_all_that_is_told_agrees(
    tmp_path_factory: pytest.TempPathFactory, lines: Sequence[str]
) -> None:
    async def run() -> None:
        async with office(tmp_path_factory.mktemp("steps")) as desk:
            await desk.agrees()
            for line in lines:
                await desk.take(line)
                await desk.agrees()

    anyio.run(run)
