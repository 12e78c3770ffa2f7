"""Turns of phrase whose words mean something else one by one, said plainly: to file a bug is about no file."""

import re

_COLLECTION = r"""(['"`]?)[a-z_][\w-]*\.[a-z_][\w-]*\%d(?!\.?\w)"""
"""`database.collection`, which MongoDB calls a namespace; those of Kubernetes have no dots, those of code capitals."""

_ARTICLE = r"(?:an?|another|one more|that as an?|this as an?|it as an?)\s+(?:new\s+)?"
_POLITE = r"(?:(?:please|now|and|then|could you|can you)\s+)*"
_IN_CHANNEL = r"(?:in|into|on|to)\s+(?:the\s+|our\s+)?(?:[\w#-]+\s+){0,2}?channel\b"
_IDIOMS = (
    (
        re.compile(
            rf"\b(?:file|log|raise|submit|report|open|enter)\s+({_ARTICLE}(?:[\w-]+\s+)??)(?:bug|defect)(?:\s+report)?\b",
            re.IGNORECASE,
        ),
        r"create \1bug issue",
    ),
    (
        re.compile(
            rf"\b(?:(?:file|log|raise|submit)\s+({_ARTICLE}(?:[\w-]+\s+)??incident)"
            rf"|(?:file|log|raise|submit|open)\s+({_ARTICLE}(?:[\w-]+\s+)??"
            r"(?:issue|ticket|task|story|(?:pull|merge)[ -]request|[PM]R)))\b",
            re.IGNORECASE,
        ),
        r"create \1\2",
    ),
    (
        re.compile(
            r"\b(?:find|list|show)\s+((?:me\s+)?(?:every|each|all|all the)\s+(?:place|spot|occurrence|line)s?\s+"
            r"in\s+(?:the|our|my|this)\s+(?:repo|code|project|source))",
            re.IGNORECASE,
        ),
        r"search in files \1",
    ),
    (re.compile(rf"(?<![\w.])({_COLLECTION % 2})\s+namespace\b"), r"\1 collection"),
    (re.compile(rf"\bnamespace\s+({_COLLECTION % 2})"), r"collection \1"),
    (re.compile(rf"\A({_POLITE})(?:write|say|announce)\s+({_IN_CHANNEL})", re.IGNORECASE), r"\1post message \2"),
    (re.compile(r"\A((?:[\w#-]+\s+){0,3}channel\b[^.?!\n]*)\bwrite\s*\Z", re.IGNORECASE), r"\1post message"),
    (
        # Only as the prompt's own order: further in, it tells how to do something.
        re.compile(rf"\A({_POLITE})(?:remember|memori[sz]e|don['\u2019]?t forget)(?:\s*:|\s+that\b)", re.IGNORECASE),
        r"\1create entities or add observations in memory:",
    ),
    (re.compile(r"\bget(?:ting)? rid of\b|\bdo away with\b", re.IGNORECASE), "delete"),
    (re.compile(r"\bthrow(?:ing)?\s+((?:[\w-]+\s+){1,3}?)away\b", re.IGNORECASE), r"discard \1"),
    (re.compile(r"\bthrow(?:ing)? away\b", re.IGNORECASE), "discard"),
)


def plain(text: str) -> str:
    """Return the text in the tools' words, where people say the same in others."""
    for idiom, meant in _IDIOMS:
        text = idiom.sub(meant, text)
    return text
