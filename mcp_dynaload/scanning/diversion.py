"""Sentences that have something sent to an address which the text itself names: of mail, a telephone or a wallet."""

import re

from mcp_dynaload.scanning.nearby import words_in

MIN_ACCOUNT = 4
BEFORE = 200
"""Characters before an address in which it is said what is sent there."""

_ADDRESS = re.compile(
    r"(?P<mail>[\w.+-]{1,60}@[\w-]{1,60}\.[a-z]{2,})|\b0x[0-9a-f]{20,}|\bbc1[0-9a-z]{20,}|"
    r"\b[a-z]{2}\d{2}[0-9 ]{12,30}|\+\d[\d -]{7,20}\d"
)
_MAIL_SENT = re.compile(
    r"\b(?:always|must|instead|regardless|whenever|when|every|all|automatically|any|also|additionally)\b.{0,100}"
    r"\b(?:bcc|cc|send|forward|redirect|rout|set|chang|replac|copy|deliver|substitut|add|address)\w*\b.{0,80}$"
)
_MONEY_SENT = re.compile(
    r"\b(?:always|must|instead|regardless|whenever|when|every|all|automatically|any)\b.{0,100}"
    r"\b(?:sen[dt]|transfer|redirect|rout|set|chang|replac|deposit|pay|paid|substitut)\w*\b.{0,80}$"
)
_CONTENTS_SENT = re.compile(
    r"\b(?:e?mail|send|forward|upload|post|copy|copies)s?\b.{0,40}\b(?:contents?|data|files?|results?|cop(?:y|ies)|code|"
    r"project|everything|conversation|messages?|output|history|workspace)\b.{0,40}\bto\b.{0,20}$"
)
_EXAMPLE = re.compile(r"\b(?:e\.g|eg|example|like|such as)\b.{0,12}$")
_COPIED = re.compile(
    r"\b(?:bcc|blind[- ]copy|forward(?:s|ing)? (?:a )?cop(?:y|ies)|redirect(?:s|ing)? (?:all|every|any|the) "
    r"(?:payments?|funds|transfers?|emails?|messages?|traffic))\b.{0,60}\b(?:to|address)\b.{0,40}"
    r"(?:@|attacker|external|https?://|our |my )"
)
_VERBS = words_in(
    """
    bcc blind send sends sent forward forwards forwarded redirect redirects redirected route routes set sets
    change changes replace replaces copy copies deliver delivers substitute add adds address addresses deposit
    pay paid transfer transfers transferred email emails mail upload uploads post posts
    """
)


def may_divert(line: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text in small letters, of these words, may send something to an address that it names."""
    if vocabulary.isdisjoint(_VERBS):
        return False
    has_address = "@" in line or "0x" in line or "bc1" in line or "+" in line or any(map(_begins_account, vocabulary))
    return (has_address or not vocabulary.isdisjoint(_COPYING)) and diverted(line) is not None


def _begins_account(word: str) -> bool:
    """Return whether a word may be an IBAN, or its first four characters: a country and two digits."""
    return len(word) >= MIN_ACCOUNT and word[2:].isdigit() and word[:2].isalpha()


_COPYING = words_in("bcc blind forward forwards forwarding redirect redirects redirecting")


def diverted(words: str) -> int | None:
    """Return where something is said to be sent to an address that the text names; None if nowhere."""
    for match in _ADDRESS.finditer(words):
        before = words[max(0, match.start() - BEFORE) : match.start()]
        pattern = _MAIL_SENT if match["mail"] else _MONEY_SENT
        if _EXAMPLE.search(before[-30:]) is None and (
            pattern.search(before) or (match["mail"] and _CONTENTS_SENT.search(before))
        ):
            return match.start()
    copied = _COPIED.search(words)
    return None if copied is None else copied.start()
