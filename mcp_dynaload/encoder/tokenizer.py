"""Counting tokens with the `o200k_base` encoding, whose ranks travel in the package: no network, read on first use."""

import bz2
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktoken import Encoding

PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
"""How `o200k_base` cuts text into pieces before merging, as tiktoken defines it."""


def count_tokens(text: str) -> int:
    """Count the tokens of `text`; words that look like special tokens are counted as the text they are."""
    return len(_encoding().encode_ordinary(text))


def forget_ranks() -> None:
    """Free the 70 MB of the ranks; the next count reads them again."""
    _encoding.cache_clear()


def read_ranks() -> dict[bytes, int]:
    """Read the rank of each token, in rank order."""
    packed = bz2.decompress(files("mcp_dynaload").joinpath("encoder/o200k_base.bz2").read_bytes())
    ranks: dict[bytes, int] = {}
    start = 0
    while start < len(packed):
        end = start + 1 + packed[start]
        ranks[packed[start + 1 : end]] = len(ranks)
        start = end
    return ranks


@cache
def _encoding() -> "Encoding":
    # Takes a quarter of a second and 70 MB with the ranks: only for those who count, and as long as they do.
    from tiktoken import Encoding

    ranks = read_ranks()
    encoding = Encoding("o200k_base", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    ranks.clear()  # it counts with a copy of its own, and keeps these for what is never asked here
    return encoding
