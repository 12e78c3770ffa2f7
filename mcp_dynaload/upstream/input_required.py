"""The rounds of one request to a modern server, which may answer that it wants input, or only to be asked again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

import anyio

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import UpstreamAnswerError, UpstreamError
from mcp_dynaload.transport.line_repair import UNREADABLE, quoted

MAX_INPUT_ROUNDS = 10
POLL_SECONDS = 0.1
MAX_POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class InputQuestion:
    """A question to the client that stands in an answer."""

    method: str
    params: Json | None


def questions_in(result: Json, allowed: Collection[str]) -> Mapping[str, InputQuestion]:
    """Return the questions of an answer that wants input, by the server's own keys.

    Raises:
        UpstreamAnswerError: It has something else in their place, or what no client is asked.
    """
    given: object = result.get("inputRequests")
    found = {key: _question(wanted, allowed) for key, wanted in json_object(given).items()}
    if not isinstance(given, dict | None) or None in found.values():
        why = f"{UNREADABLE}: its 'inputRequests' are no questions to a client"
        raise UpstreamAnswerError("unreadable questions", f"{why}: {quoted(cast(object, given))}")
    return cast(Mapping[str, InputQuestion], found)


def _question(wanted: object, allowed: Collection[str]) -> InputQuestion | None:
    asked = json_object(wanted)
    method, params = asked.get("method"), asked.get("params")
    if not isinstance(method, str) or method not in allowed or not isinstance(params, dict | None):
        return None
    return InputQuestion(method, cast(Json | None, params))


@dataclass(slots=True)
class InputRounds:
    """The number of times that a request came back for input, and since when it only wants to be asked again."""

    upstream: str
    method: str
    seconds: float
    _asked: int = 0
    _polling_since: float | None = None
    _pause: float = POLL_SECONDS

    def count(self) -> None:
        """Count one more question of the upstream.

        Raises:
            UpstreamError: It has asked too often.
        """
        self._asked += 1
        self._polling_since, self._pause = None, POLL_SECONDS
        if self._asked > MAX_INPUT_ROUNDS:
            asked = f"asked for input more than {MAX_INPUT_ROUNDS} times in one {self.method!r} and was given up"
            raise UpstreamError(f"MCP server {self.upstream!r} {asked}. The other servers are unaffected.")

    async def pause(self) -> None:
        """Wait before it is asked again.

        Raises:
            TimeoutError: It has wanted nothing else for `seconds`.
        """
        now = anyio.current_time()
        self._polling_since = now if self._polling_since is None else self._polling_since
        if self.seconds and now - self._polling_since >= self.seconds:
            raise TimeoutError
        await anyio.sleep(self._pause)
        self._pause = min(2 * self._pause, MAX_POLL_SECONDS)
