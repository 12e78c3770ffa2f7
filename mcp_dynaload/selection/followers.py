"""Which tool usually comes after another one, by what was called after what."""

from collections.abc import Iterable

MIN_FOLLOWED = 3
"""So often one must have come after the other before it is usual."""

MIN_SHARE = 0.5
"""The least share of all that came after the other."""

Followed = tuple[str, str, int]
"""A tool, one that was called right after it, and how often."""


def usual_follower(tool: str, followings: Iterable[Followed]) -> str | None:
    """Return the tool that comes after this one more often than not, if there is one."""
    counts = {follower: count for first, follower, count in followings if first == tool}
    if not counts:
        return None
    best = max(counts, key=lambda follower: (counts[follower], follower))
    is_usual = counts[best] >= max(MIN_FOLLOWED, MIN_SHARE * sum(counts.values()))
    return best if is_usual else None
