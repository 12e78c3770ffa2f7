"""A diff of lines in a time that grows with the file, not with its square: the client's file may have 20 MB."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

CONTEXT_LINES = 3
MAX_COMPARED = 1_000_000
"""Pairs of lines up to which a stretch without a line of its own is compared line by line; a longer one is replaced."""


def unified_lines(before: Sequence[str], after: Sequence[str], old: str, new: str) -> Iterator[str]:
    """Yield the unified diff of two files of these names; nothing if they are the same."""
    groups = [*_AnchoredMatcher(before, after).get_grouped_opcodes(CONTEXT_LINES)]
    if groups:
        yield from (f"--- {old}", f"+++ {new}")
    for group in groups:
        first, last = group[0], group[-1]
        yield f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@"
        for tag, start, end, new_start, new_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[start:end])
            else:
                yield from (f"-{line}" for line in before[start:end])
                yield from (f"+{line}" for line in after[new_start:new_end])


def _span(start: int, end: int) -> str:
    count = end - start
    first = start + 1 if count else start
    return f"{first}" if count == 1 else f"{first},{count}"


class _AnchoredMatcher(SequenceMatcher[str]):
    """Matches lines that stand once in both files first, and what is between two of those then."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, "", "")
        self._before, self._after = before, after

    def get_matching_blocks(self) -> list[Match]:
        """Return the equal stretches in their order, and an empty one at the end."""
        blocks = [*_blocks(self._before, self._after)]
        return [*map(Match._make, blocks), Match(len(self._before), len(self._after), 0)]


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield where equal stretches begin in both, and how long they are."""
    waiting = [(0, len(before), 0, len(after))]
    found: list[tuple[int, int, int]] = []
    while waiting:
        start, end, new_start, new_end = waiting.pop()
        head = _common(before, after, start, end, new_start, new_end)
        found.append((start, new_start, head))
        start, new_start = start + head, new_start + head
        while end > start and new_end > new_start and before[end - 1] == after[new_end - 1]:
            end, new_end = end - 1, new_end - 1
            found.append((end, new_end, 1))
        if start == end or new_start == new_end:
            continue
        anchors = _anchors(before[start:end], after[new_start:new_end])
        if anchors:
            places = [(start + at, new_start + there) for at, there in anchors]
            starts = [(start, new_start), *places]
            waiting += [(*one, *other) for one, other in _stretches(starts, (end, new_end))]
        elif (end - start) * (new_end - new_start) <= MAX_COMPARED:
            inside = SequenceMatcher(None, before[start:end], after[new_start:new_end], autojunk=False)
            found += [(start + one.a, new_start + one.b, one.size) for one in inside.get_matching_blocks()]
    yield from _joined(sorted(block for block in found if block[2]))


def _stretches(
    starts: Sequence[tuple[int, int]], end: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the stretches between these places, in both files."""
    for (start, new_start), (stop, new_stop) in zip(starts, [*starts[1:], end], strict=True):
        yield (start, stop), (new_start, new_stop)


def _common(before: Sequence[str], after: Sequence[str], start: int, end: int, new_start: int, new_end: int) -> int:
    """Return how many lines are equal from there on."""
    most = min(end - start, new_end - new_start)
    return next((number for number in range(most) if before[start + number] != after[new_start + number]), most)


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return where lines stand that are once in both, as many as are in the same order."""
    once = {line for line, count in Counter(before).items() if count == 1}
    places = {line: at for at, line in enumerate(after) if line in once}
    counts = Counter(line for line in after if line in once)
    pairs = [(at, places[line]) for at, line in enumerate(before) if counts.get(line) == 1]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of pairs in which the second numbers rise, too."""
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for index, (_, there) in enumerate(pairs):
        at = bisect_left(tops, there)
        previous.append(ends[at - 1] if at else -1)
        tops[at : at + 1], ends[at : at + 1] = [there], [index]
    run: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(pairs[index])
        index = previous[index]
    return run[::-1]


def _joined(blocks: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield the stretches with those that touch in one."""
    current: tuple[int, int, int] | None = None
    for start, new_start, size in blocks:
        if current is not None and (current[0] + current[2], current[1] + current[2]) == (start, new_start):
            current = (current[0], current[1], current[2] + size)
            continue
        if current is not None:
            yield current
        current = (start, new_start, size)
    if current is not None:
        yield current
