"""How much a text sounds like orders to the model, and not like a description."""

import re

from mcp_dynaload.scanning.nearby import words_in

MIN_WEIGHT = 5
"""So many points make a text instruction-like; a well meant “IMPORTANT: always …” has three."""

_POINTS = (
    (
        4,
        re.compile(
            r"\b(?:must|should always|always|has to|needs to|shall)\b.{0,20}\b(?:call|use|invoke|run|execut)"
            r"\w*\b.{0,30}\b(?:before|prior to|instead of|ahead of)\b.{0,20}\b(?:any|all|every|each)\b.{0,15}\b(?:tool|"
            r"function|action|request|task|operation)s?\b"
        ),
    ),
    (
        3,
        re.compile(
            r"(?:^|[.!\n] ?)(?:system|admin|administrator|developer|root) ?(?:note|message|notice|instruction)? ?:"
        ),
    ),
    (
        3,
        re.compile(
            r"<(?:important|critical|instructions?|secret|hidden|mandatory|urgent|attention|warning|rules?|"
            r"admin|override|prompt|note)\b[^>]{0,40}>"
        ),
    ),
    (
        3,
        re.compile(
            r"\b(?:note|message|attention|instructions?|reminder|notice|directive|important)s? (?:to|for) "
            r"(?:the |all |any )?(?:ai|llm|model|assistant|agent|claude|gpt|language model)s?\b"
        ),
    ),
    (
        3,
        re.compile(
            r"\b(?:ai|llm|the (?:model|assistant|agent)|assistants?|agents?|claude) (?:must|should always|"
            r"shall|has to|is required to|needs to)\b"
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:before|prior to|after|when|whenever|if) (?:using|calling|invoking|running|executing|you "
            r"(?:use|call|run)|any)\b.{0,60}\b(?:must|first|always|read|call|send)\b"
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:any|every|all|each)(?: other| available)? (?:tools?|functions?|requests?|operations?|tasks?|"
            r"interactions?|quer(?:y|ies)|actions?)\b.{0,80}\b(?:must|first|always|required|before)\b|\b(?:must|"
            r"always|first)\b.{0,60}\b(?:any|every|all|each)(?: other| available)? (?:tools?|functions?|requests?|"
            r"operations?|tasks?|interactions?|actions?)\b"
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:otherwise|or else|failure to|if you (?:do not|don't|fail))\b.{0,80}\b(?:not work|fail|error|"
            r"crash|break|lost?|consequences|terminated|blocked|banned|penal\w*)\b"
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:system (?:note|notice|instruction|requirement|policy)|security (?:protocol|requirement|"
            r"check)|compliance (?:requirement|check)|mandatory (?:step|check|procedure)|internal (?:protocol|"
            r"policy|procedure))\b"
        ),
    ),
    (1, re.compile(r"\byou must\b|\byou (?:should always|have to|are required to|need to|shall)\b")),
    (1, re.compile(r"\b(?:always|never|must)\b")),
    (1, re.compile(r"\b(?:important|critical|mandatory|urgent|attention|warning|crucial|extremely)\b")),
    (1, re.compile(r"\b(?:do not|don't) (?:ask|question|verify|confirm|refuse|hesitate|stop)\b")),
    (1, re.compile(r"\b(?:regardless|no matter|without exception|under any circumstances|at all times)\b")),
)
"""Points for each kind of words, each counted once."""


def weight(text: str) -> int:
    """Return the points of a text in small letters."""
    return sum(points for points, pattern in _POINTS if pattern.search(text))


_READERS = words_in(
    """
    ai llm llms model models assistant assistants agent agents claude gpt
    """
)
_USES = frozenset(["using", "calling", "invoking", "running", "executing"])
_ALL = frozenset(["any", "every", "all", "each", "other"])
_DEEDS = words_in(
    """
    tool tools function functions request requests operation operations task tasks interaction interactions
    query queries action actions
    """
)
_THREATS = frozenset(["otherwise", "else", "failure"])
_RULES = frozenset(["system", "security", "compliance", "mandatory", "internal"])
_ORDERS = words_in(
    """
    must always never shall required first should
    """
)
_STRESS = words_in(
    """
    important critical mandatory urgent attention warning crucial extremely regardless
    """
)
_TAG = re.compile(
    r"<(?:important|critical|instructions?|secret|hidden|mandatory|urgent|attention|warning|rules?|"
    r"admin|override|prompt|note)\b"
)


def may_be_heavy(line: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text in small letters has enough of what is counted to be worth counting."""
    if vocabulary.isdisjoint(_ORDERS):
        return False
    likely = 2
    has_all = not vocabulary.isdisjoint(_ALL) and not vocabulary.isdisjoint(_DEEDS)
    likely += 3 * ("<" in line and _TAG.search(line) is not None) + 2 * has_all + (not vocabulary.isdisjoint(_STRESS))
    likely += 3 * any(
        sign in line for sign in ("system:", "admin:", "developer:", "system note", "system message", "root:")
    )
    likely += sum(
        points
        for points, words in ((3, _READERS), (2, _USES), (2, _THREATS), (2, _RULES))
        if not vocabulary.isdisjoint(words)
    )
    return likely >= MIN_WEIGHT
