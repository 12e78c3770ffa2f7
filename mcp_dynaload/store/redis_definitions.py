"""Approved and held definitions in a Redis that any number of our services share."""

import json
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from typing import Any

from mcp_dynaload.catalog.pinning import DefinitionElement, DefinitionKind, Key
from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.store.definitions import (
    HELD_SECONDS,
    MAX_VERSIONS,
    HeldDefinition,
    PinnedServer,
    in_order,
    still_rejected,
)
from mcp_dynaload.store.redis_connection import Command, RedisConnection

SERVERS = "dynaload:definitions:servers"
"""A hash: what is known of each server, as JSON."""

APPROVED = "dynaload:definitions:approved"
"""A hash for each server, its name behind a colon: the approved versions by kind, name and digest."""

HELD = "dynaload:definitions:held"
"""A hash: what is held back by server, source, kind and name."""

VERSION = "dynaload:definitions:version"
"""A count of the user's answers."""


class RedisDefinitions:
    """The definitions in Redis: while it is away nobody knows what was approved, and nothing can be."""

    def __init__(self, remote: RedisConnection) -> None:
        self._remote = remote

    def server(self, name: str) -> PinnedServer | None:
        """Return what is known of a server; None if it was never seen."""
        (found,) = self._asked(("HGET", SERVERS, name))
        if found is None:
            return None
        with _as_ours(SERVERS):
            stored = json.loads(found)
            entries, unsettled = tuple(stored["entries"]), tuple(stored["unsettled"])
            return PinnedServer(name, stored["seen_at"], entries, unsettled, stored["clean"])

    def approved(self, server: str) -> dict[Key, frozenset[str]]:
        """Return the digests of a server's approved definitions."""
        (members,) = self._asked(("HKEYS", _of(server)))
        found: dict[Key, set[str]] = {}
        with _as_ours(_of(server)):
            for kind, name, digest in map(json.loads, members):
                found.setdefault((kind, name), set()).add(digest)
        return {key: frozenset(digests) for key, digests in found.items()}

    def contents(self, server: str, keys: Iterable[Key]) -> dict[Key, str]:
        """Return the version approved last of each of these definitions, as far as it is known."""
        wanted, versions = set(keys), self._versions(server)
        return {key: max(versions[key])[2] for key in wanted if key in versions}

    def keep(self, server: PinnedServer, joined: Sequence[DefinitionElement]) -> None:
        """Store what is known of a server, and definitions that join the approved ones."""
        now = time.time()
        rows: list[Command] = [
            ("HSETNX", _of(server.name), _member(one.key, one.digest), _version(one.content, now)) for one in joined
        ]
        self._remote.write(*rows, ("HSET", SERVERS, server.name, json.dumps(asdict(server))))

    def hold(self, server: str, source: str, held: Sequence[HeldDefinition]) -> None:
        """Store what is held back of a server as this source offers it, in place of what was before."""
        every = self.held()
        before = [one for one in every if one.server == server]
        rejected = still_rejected(before)
        own = [one for one in before if one.source == source]
        now = [replace(one, is_rejected=(one.key, one.digest) in rejected) for one in held]
        if {(one.key, one.digest) for one in own} == {(one.key, one.digest) for one in now}:
            return
        old = [one for one in every if one.at < time.time() - HELD_SECONDS]
        gone: list[Command] = [("HDEL", HELD, _place(one)) for one in (*own, *old)]
        self._remote.write(*gone, *(("HSET", HELD, _place(one), json.dumps(asdict(one))) for one in now))

    def held(self) -> tuple[HeldDefinition, ...]:
        """Return all that is held back, by server, kind and name."""
        (rows,) = self._asked(("HVALS", HELD))
        with _as_ours(HELD):
            return in_order(map(_held_of, rows))

    def approve(self, held: Sequence[HeldDefinition]) -> None:
        """Take exactly these versions for approved."""
        now = time.time()
        commands: list[Command] = [
            ("HSET", _of(one.server), _member(one.key, one.digest), _version(one.content, now)) for one in held
        ]
        chosen = {(one.server, one.key, one.digest) for one in held}
        same = [one for one in self.held() if (one.server, one.key, one.digest) in chosen]
        commands += [("HDEL", HELD, _place(one)) for one in same]
        self._asked(*commands, ("INCR", VERSION))
        self._forget_surplus(held)

    def reject(self, held: Sequence[HeldDefinition]) -> None:
        """Note that the user does not want these versions."""
        chosen = {(one.server, one.key, one.digest) for one in held}
        same = [one for one in self.held() if (one.server, one.key, one.digest) in chosen]
        rows: list[Command] = [
            ("HSET", HELD, _place(o), json.dumps(asdict(replace(o, is_rejected=True)))) for o in same
        ]
        self._asked(*rows, ("INCR", VERSION))

    def version(self) -> str:
        """Return what differs whenever another process may have written."""
        (found,) = self._asked(("GET", VERSION))
        return str(found)

    def close(self) -> None:
        """Let go of it."""
        self._remote.close()

    def _versions(self, server: str) -> dict[Key, list[tuple[float, str, str]]]:
        """Return time, digest and content of each approved version."""
        (found,) = self._asked(("HGETALL", _of(server)))
        versions: dict[Key, list[tuple[float, str, str]]] = {}
        with _as_ours(_of(server)):
            for member, row in found.items():
                kind, name, digest = json.loads(member)
                stored = json.loads(row)
                versions.setdefault((kind, name), []).append((stored["at"], digest, stored["content"]))
        return versions

    def _forget_surplus(self, held: Sequence[HeldDefinition]) -> None:
        for server in {one.server for one in held}:
            versions = self._versions(server)
            surplus = {key: sorted(versions.get(key, ()))[:-MAX_VERSIONS] for key in {one.key for one in held}}
            members = [_member(key, digest) for key, rows in surplus.items() for _, digest, _ in rows]
            if members:
                self._asked(("HDEL", _of(server), *members))

    def _asked(self, *commands: Command) -> list[Any]:
        answers = self._remote.read_each([commands])
        if answers is None:
            raise StoreAwayError("the Redis of store_url cannot be reached; the log says why")
        if answers[0] is None:
            raise StoreError("the Redis of store_url refuses it; the log says why")
        return answers[0]


@contextmanager
def _as_ours(key: str) -> Generator[None]:
    """Tell where something stands that is not as we write it: who cannot read what was approved must not guess."""
    try:
        yield
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"{key} in the Redis of store_url holds what is not ours ({error}); remove it there"
        ) from error


def _held_of(row: str) -> HeldDefinition:
    stored = json.loads(row)
    return HeldDefinition(**{one.name: stored[one.name] for one in fields(HeldDefinition)})


def _of(server: str) -> str:
    return f"{APPROVED}:{server}"


def _member(key: tuple[DefinitionKind, str], digest: str) -> str:
    return json.dumps([*key, digest])


def _version(content: str, at: float) -> str:
    return json.dumps({"at": at, "content": content})


def _place(one: HeldDefinition) -> str:
    return json.dumps([one.server, one.source, one.kind, one.name])
