"""To which server a name belongs: to the one whose prefix it carries, the longest where it carries several."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mcp_dynaload.catalog.names import HASH_LENGTH, MAX_NAME_LENGTH, advertised_name, legal_name, prefix_room

MAX_ATTEMPTS = 64
"""A name with this many different hashes begins with prefixes of others only where somebody wants it so."""


@dataclass(frozen=True)
class Prefixes:
    """The prefixes of all servers, by the servers' names."""

    by_server: Mapping[str, str] = field(default_factory=dict[str, str])

    room: int = MAX_NAME_LENGTH
    """Characters that a name may have."""

    def name(self, server: str, prefix: str, original: str) -> str | None:
        """Return the name under which a server's own `original` is offered; None if it would be another's."""
        name = advertised_name(prefix, original, self.room)
        return name if self.is_free(server, name) else next(self.set_apart(server, prefix, original), None)

    def is_free(self, server: str, name: str) -> bool:
        """Return whether the name, as the client writes it, belongs to no other server."""
        return not legal_name(name).startswith(self._rivals.get(server, ()))

    def set_apart(self, server: str, prefix: str, original: str) -> Iterator[str]:
        """Yield names with a hash right after the prefix, so that nothing the server chose decides how they begin."""
        identity = f"{server}\0{original}"
        for _ in range(MAX_ATTEMPTS):
            identity = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
            name = legal_name(f"{prefix[: prefix_room(self.room)]}{identity[:HASH_LENGTH]}_{original}")[: self.room]
            if self.is_free(server, name):
                yield name

    def clashes(self) -> Iterator[str]:
        """Say which servers' names cannot be told apart by their prefixes, or which rule for one means another too."""
        servers = sorted(self.by_server)
        for number, server in enumerate(servers):
            for other in servers[number + 1 :]:
                one, two = self.by_server[server], self.by_server[other]
                if one == two and one:
                    yield f"servers {server!r} and {other!r} have the same prefix {one!r}: a rule for one means both"
                elif one and two and (one.startswith(two) or two.startswith(one)):
                    short, long = (server, other) if two.startswith(one) else (other, server)
                    yield (
                        f"the prefix of server {short!r} begins that of {long!r}: "
                        f"a rule for {self.by_server[short]}* means both"
                    )

    @cached_property
    def _rivals(self) -> dict[str, tuple[str, ...]]:
        """The longer prefixes of other servers that begin with a server's own: all else can be told apart."""
        cut = {server: prefix[: prefix_room(self.room)] for server, prefix in self.by_server.items()}
        return {
            server: tuple({other for other in cut.values() if other != own and other.startswith(own)})
            for server, own in cut.items()
        }
