"""Whether a prompt asks about things in general: what they are, how they differ, whether they are any good.

The subject is often one that servers are for ("is a materialized view worth it"), which words and meaning take for a
need of their tools; the form tells.
"""

import re

MAX_LENGTH = 160
"""Characters of a question in general: a longer prompt tells of something of its own."""

_OPENING = (
    r"(?:(?:and|btw|but|curious|hey|hi|honestly|hm+|just wondering|oh|ok(?:ay)?|please|question|quick question|so|well)"
    r"\b[\s,:.-]*)*"
)

_ASKING = (
    r"(?:explain|define|compare)\b",
    r"what(?:['\u2019]?s| is| are| do| does| would| makes| goes| happens)\b",
    r"how (?:accurate|an?|are|bad|big|can|do|does|good|is|long|should|to|would)\b",
    r"when (?:are|do|does|is|should|would)\b",
    r"why\b",
    r"do (?!(?:all|an?|another|both|it|not|some|the)\b)",
    r"(?:does|should|would) (?!(?:also|be|have|just|like|love|not|only|prefer|still)\b)",
    r"(?:is|are|can)\b.*\b(?:any (?:good|use)|bad|better|cheaper|dead|different|enough|faster|good|legal|like|necessary"
    r"|needed|ok|okay|or|overkill|really|safe|safer|same|slow|slower|still|thing|useful|worse|worth)\b",
    r"(?:the )?(?:advantages?|difference|downsides?|pros and cons)\b",
    r".*\b(?:compared to|explained|in (?:general|one paragraph|(?:plain|simple) (?:terms|words)|short)|versus|vs)\b",
    r"[^.!?,:]{2,40}(?:, [^.!?,:]{2,40})? or [^.!?,:]{2,60}\??$",
    r"[^.!?]{2,60}[,:] (?:are|do|how|is|should|what|which|why)\b[^,]*\??$",
)
_GENERAL = re.compile(rf"\W*{_OPENING}(?:{'|'.join(_ASKING)})", re.IGNORECASE)

_OF_ONE = re.compile(
    r"\b(?:my|mine|our|ours|us|her|his|their|today|yesterday|tomorrow|tonight|now|currently|atm|at the moment|last"
    r"|latest|newest|next|recent|recently|this|these|those|that|week|month|since|ago|until|yet|lately|overnight"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|did|was|were|been|has|had|left|there|here"
    r"|show|list|find|look|check|search|open|running|down|up|new|again|docs|documentation)\b"
    r"|\bit\b(?! (?:bad|better|common|enough|good|legal|normal|okay|ok|possible|safe|true|worth)\b)|\b(?:them|they)\b"
    r"|\bthe (?!advantages?\b|best\b|catch\b|difference\b|downsides?\b|idea\b|main\b|meaning\b|most\b|point\b|pros\b"
    r"|purpose\b|right\b|role\b|same\b|upsides?\b|use\b|usual\b)"
    r"|\b[A-Z]{2,}-\d|\d{4}|[\"“”«»`@/\\_=]|\b\w+\.\w+\b",
    re.IGNORECASE,
)
"""Words of one thing rather than of its kind: whose it is, which one, when it was, a key, a path, a quoted name."""


def asks_in_general(text: str) -> bool:
    """Tell whether a prompt asks about a kind of things, and says nothing of a particular one."""
    return opens_general_question(text) and not _OF_ONE.search(text)


def opens_general_question(text: str) -> bool:
    """Tell whether a prompt begins like such a question, whatever it says then ("what does it cost per month")."""
    return len(text) <= MAX_LENGTH and bool(_GENERAL.match(text))
