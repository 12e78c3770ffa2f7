"""Learned, pinned and loaded tools, in a Redis that any number of our processes share."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from mcp_dynaload.store.redis_connection import Command, RedisConnection
from mcp_dynaload.store.usage import (
    FORGET_SECONDS,
    MAX_FOLLOWERS,
    MAX_SESSIONS,
    MIN_FOLLOWING,
    Calls,
    KeptSession,
    SessionRow,
)

PREFIX = "dynaload"
LOADED_SECONDS = 90 * 86_400
"""How long a session's loaded set is kept in which nothing changes."""

CALLS, MISSED = "calls", "missed"

_KEEP_OVER = """
local stored = redis.call('GET', KEYS[1])
if stored and stored ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""


class RedisUsage:
    """The usage in Redis, in keys under `dynaload:`; each write is one transaction."""

    def __init__(self, remote: RedisConnection) -> None:
        self._remote = remote

    def note(self, project: str, session: str, tools: Mapping[str, Calls], at: float | None = None) -> None:
        """Add to what a session did, now or at a time; what is too old or too much is forgotten."""
        if not tools:
            return
        now, used = time.time(), _key("tools", project, session)
        commands: list[Command] = [
            ("SADD", _key("projects"), project),
            ("ZADD", _key("sessions", project), now if at is None else at, session),
            *(("HINCRBY", used, f"{CALLS} {name}", calls.times) for name, calls in tools.items()),
            *(("HSET", used, f"{MISSED} {name}", 1) for name, calls in tools.items() if calls.was_missed),
            ("EXPIRE", used, int(FORGET_SECONDS)),
        ]
        self._remote.write(*commands)
        self._forget_surplus(project, now - FORGET_SECONDS)

    def noted(self, project: str) -> frozenset[str]:
        """Return the ids of the sessions of a project of which something is known."""
        return frozenset(self._ids(project))

    def sessions(self, project: str) -> tuple[SessionRow, ...]:
        """Return the sessions of a project in which tools were loaded or called, latest first."""
        oldest = time.time() - FORGET_SECONDS
        (found,) = self._remote.read(
            ("ZRANGE", _key("sessions", project), "+inf", oldest, "BYSCORE", "REV", "WITHSCORES")
        ) or [()]
        scores = dict(_pairs(found))
        if not scores:
            return ()
        used = self._remote.read(*(("HGETALL", _key("tools", project, session)) for session in scores)) or ()
        return tuple(SessionRow(float(at), _calls(tools)) for at, tools in zip(scores.values(), used, strict=False))

    def note_followings(self, project: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Count for each pair that its second tool was called right after its first; the rarest are forgotten."""
        key, members = _key("followings", project), [json.dumps(pair) for pair in pairs]
        if members:
            self._remote.write(
                ("SADD", _key("projects"), project),
                *(("ZINCRBY", key, 1, member) for member in members),
                ("ZREMRANGEBYRANK", key, 0, -MAX_FOLLOWERS - 1),
                ("EXPIRE", key, int(FORGET_SECONDS)),
            )

    def followings(self, project: str) -> tuple[tuple[str, str, int], ...]:
        """Return which tool was called right after which, and how often, most often first."""
        return self._followings(project, 1)

    def followers(self, project: str, tool: str, limit: int = 3) -> tuple[str, ...]:
        """Return the tools that usually came after this one, most frequent first."""
        found = self._followings(project, MIN_FOLLOWING)
        return tuple(islice((follower for first, follower, _ in found if first == tool), limit))

    def projects(self) -> tuple[str, ...]:
        """Return the projects of which something was learned."""
        oldest = time.time() - FORGET_SECONDS
        names = self._members(_key("projects"))
        questions = (
            question
            for name in names
            for question in (
                ("ZCOUNT", _key("sessions", name), oldest, "+inf"),
                ("EXISTS", _key("followings", name)),
            )
        )
        answers = (self._remote.read(*questions) if names else None) or []
        known = zip(names, answers[::2], answers[1::2], strict=False)
        return tuple(name for name, sessions, followings in known if sessions or followings)

    def forget(self, projects: Iterable[str]) -> None:
        """Forget everything that was learned of these projects."""
        for project in projects:
            tools = (_key("tools", project, session) for session in self._ids(project))
            self._remote.write(
                ("SREM", _key("projects"), project),
                ("DEL", _key("sessions", project), _key("followings", project), *tools),
            )

    def _ids(self, project: str) -> tuple[str, ...]:
        """Return the ids of the sessions of a project."""
        (sessions,) = self._remote.read(("ZRANGE", _key("sessions", project), 0, -1)) or [()]
        return tuple(sessions)

    def pins(self, project: str, *, is_vital: bool = True) -> tuple[str, ...] | None:
        """Return the tools that the user pinned in a project, in name order; None where they cannot be read now.

        A slow Redis is waited for, without `is_vital` only as long as it holds nobody up.
        """
        replies = self._remote.read(("SMEMBERS", _key("pins", project)), is_vital=is_vital)
        return None if replies is None else tuple(sorted(replies[0]))

    def keep_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Store what the user pinned in a project; returns why that was not possible yet."""
        tools = tuple(names)
        return self._remote.write(("SADD", _key("pins", project), *tools)) if tools else None

    def forget_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Undo `keep_pins`; returns why that was not possible yet."""
        tools = tuple(names)
        return self._remote.write(("SREM", _key("pins", project), *tools)) if tools else None

    def flows(self, project: str) -> frozenset[str]:
        """Return which parts of dangerous combinations of servers the user was told of in a project."""
        return frozenset(self._members(_key("flows", project)))

    def keep_flows(self, project: str, parts: Iterable[str]) -> None:
        """Store that the user was told of these parts in a project."""
        if told := tuple(parts):
            self._remote.write(("SADD", _key("flows", project), *told))

    def kept(self, session_id: str) -> KeptSession | None:
        """Return what a session is to get again, nothing if it is unknown; None where that cannot be read now."""
        replies = self._remote.read(("GET", _key("kept", session_id)), is_vital=True)
        if replies is None:
            return None
        return KeptSession.from_text(replies[0]) if replies[0] else KeptSession()

    def keep_session(self, session_id: str, kept: KeptSession, over: KeptSession | None = None) -> None:
        """Store what a session is to get again, or only over this or nothing; what long not changed is forgotten."""
        key, text = _key("kept", session_id), kept.as_text()
        if over is None:
            self._remote.write(("SET", key, text, "EX", LOADED_SECONDS))
        else:
            self._remote.write(("EVAL", _KEEP_OVER, 1, key, text, LOADED_SECONDS, over.as_text()))

    def close(self) -> None:
        """Let go of it."""
        self._remote.close()

    def _members(self, key: str) -> tuple[str, ...]:
        (found,) = self._remote.read(("SMEMBERS", key), is_vital=True) or [()]
        return tuple(sorted(found))

    def _followings(self, project: str, least: int) -> tuple[tuple[str, str, int], ...]:
        key = _key("followings", project)
        (found,) = self._remote.read(("ZRANGE", key, least, "+inf", "BYSCORE", "WITHSCORES")) or [()]
        rows = [(*pair, int(float(count))) for member, count in _pairs(found) if (pair := _pair(member))]
        return tuple(sorted(rows, key=lambda row: (-row[2], row[0], row[1])))

    def _forget_surplus(self, project: str, oldest: float) -> None:
        key = _key("sessions", project)
        found = self._remote.read(("ZRANGE", key, "-inf", oldest, "BYSCORE"), ("ZRANGE", key, 0, -MAX_SESSIONS - 1))
        sessions = tuple(dict.fromkeys(session for names in found or () for session in names))
        if sessions:
            tools = (_key("tools", project, session) for session in sessions)
            self._remote.write(("ZREM", key, *sessions), ("DEL", *tools))


def _key(kind: str, *names: str) -> str:
    """Return the key of a kind and names, as JSON, since names may hold any character."""
    return f"{PREFIX}:{kind}:{json.dumps(names)}" if names else f"{PREFIX}:{kind}"


def _calls(fields: Mapping[str, str]) -> dict[str, Calls]:
    """Return the calls; fields that we do not know are another version's."""
    split = [(*field.partition(" ")[::2], value) for field, value in fields.items()]
    missed = {name for kind, name, _ in split if kind == MISSED}
    counted = [(name, value) for kind, name, value in split if kind == CALLS and value.isdecimal()]
    return {name: Calls(int(value), name in missed) for name, value in counted}


def _pair(member: str) -> tuple[str, str] | None:
    """Return the two tools; None where others wrote something else."""
    try:
        tool, follower = json.loads(member)
    except (ValueError, TypeError):
        return None
    return str(tool), str(follower)


def _pairs(flat: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return members with their scores, as Redis writes them one after the other."""
    return zip(flat[::2], flat[1::2], strict=True)
