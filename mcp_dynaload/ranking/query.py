"""The query of a cleaned prompt: in the words of tools, split into clauses, with what was said before."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from mcp_dynaload.ranking.cleaning import own_words
from mcp_dynaload.ranking.foreign import in_english, understood
from mcp_dynaload.ranking.idioms import plain
from mcp_dynaload.ranking.terms import prose_terms
from mcp_dynaload.ranking.words import VERBS

MAX_CLAUSES = 24
"""Clauses that a text is split into; what is behind them belongs to the last one."""

MAX_PARTS = 10
"""Parts looked at one by one: neighbouring clauses beyond that are joined, so that a long prompt stays cheap."""

MIN_CLAUSE_TERMS = 2

MAX_FOLLOW_UP_TERMS = 7

MAX_STATED_TERMS = 16
"""Terms of an answer that states values ("my username is Ada and my password is 1234")."""

MAX_NAMING_TERMS = 16
"""Terms of a text that names what a text before it names, too ("add a row for 'Berlin'"): not what that is."""

MAX_ANSWER_TERMS = 2
"""Terms of a text that says little more than a name or a date."""

FADING = 0.4
"""The weight of a prompt against the one after it."""

WHOLE_WEIGHT = 0.4
"""The weight of the whole text against one of its clauses."""

CACHED_TEXTS = 64

_ANAPHORA = re.compile(
    r"\b(?:it|its|that|this|them|those|these|same|again|also|too|as well|another|instead|likewise)\b"
    r"|\b(?:the|which) (?:\w+ )?ones?\b|\bin there\b",
    re.IGNORECASE,
)
_GOING_ON = re.compile(
    r"(?:ok(?:ay)?|yes|no|now|good)?[\s,.]*(?:and|or|but|now|then|what about|how about)\b", re.IGNORECASE
)
_ISSUE_KEY = re.compile(
    r"(?<![\w/.-])(?!(?:AES|BASE|COVID|CVE|CWE|DDR|EC|ES|GPT|HTTP|IEC|IP|ISO|JPEG|MD|MP|PEP|PS|RFC|RSA|SHA|TLS|UCS|USB|UTF)-)"
    r"[A-Z][A-Z0-9]{1,9}-\d{1,6}(?![\w/.-]*\w)"
)
"""`ABC-123`, as trackers name their issues; what has the same shape and is none comes first."""

_STATING = re.compile(
    r"(?:(?:yes|yeah|yep|sure|ok(?:ay)?|oh|right|of course)[\s,.!]+)*(?:my|the|its?|it['\u2019]s|our|his|her)\b"
    r"(?:\s[\w'\u2019-]+){0,4}?\s*(?:\b(?:is|are|was|were|should be|will be|would be)\b|['\u2019]s\b)[^?]*$",
    re.IGNORECASE,
)
_VALUE = re.compile(r"\d|([\"\u201c])[^\"\u201d]+[\"\u201d]|\S@\w|(?<![.!?]\s)(?<!^)(?<!\bI\b)\b[A-Z][\w-]+")
"""Numbers, quotations, addresses and names: what is stated in answer to a question."""

_NAME = re.compile(
    r"[\"\u201c]([^\"\u201c\u201d\n]*)[\"\u201d]|(?<!\w)'([^'\n]*)'(?!\w)"
    r"|(?<![\w.-])([\w-]+\.[A-Za-z]\w{1,4})(?!\w)"
    r"|(?<![.!?\u2022*-]\s)(?<!^)\b((?!I\b)[A-Z][\w-]*)|(?<![\w-])(\d{3,}(?![\w-])|(?=[\w-]*[A-Za-z])[\w-]*\d[\w-]*)",
    re.MULTILINE,
)
"""Names that a text calls something by: quotations, files, capitalised words, and whatever has digits and letters, or
many digits."""

_DAY = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august"
    r"|(?:septem|octo|novem|decem)ber"
)
"""Days and months, which are names of nothing in particular."""

MIN_NAME, MAX_NAME = 2, 80
"""Characters of a name."""

_NO = re.compile(r"\b(?:no|not|don['\u2019]?t|never|nothing|nevermind|wait|stop)\b", re.IGNORECASE)

_VERB = "|".join(sorted(VERBS))
_ASKING = "how|what|when|where|which|who|whose|why"
_CLAUSE_END = re.compile(
    rf"(?<=[.!?;:])\s+|\n+|,?\s+(?:and\s+)?(?:then|afterwards|after that)\s+|,\s+and\s+"
    rf"|,?\s+and\s+(?=(?:{_VERB}|{_ASKING})\b)|,\s+(?=(?:{_VERB})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A text to find tools for, and texts around it that tell what it is about."""

    text: str
    context: tuple[tuple[str, float], ...] = ()
    """Other texts with a weight below 1: the rest of the prompt, earlier prompts."""

    leans_on_context: bool = False
    """Whether a word of the text points back ("now close it")."""

    is_short_after_others: bool = False
    """Whether the text may leave out what earlier prompts have said, pointing back or not ("only the failed ones")."""

    names_again: bool = False
    """Whether the text names something that an earlier prompt names, too."""

    understood: float = 1.0
    """The share of the words that are known in the language in which the text was said."""

    @property
    def terms(self) -> int:
        """The number of different terms that the text says."""
        return len(set(prose_terms(self.text)))

    @property
    def is_answer(self) -> bool:
        """Whether the text says hardly any words, and not no: what one writes who was asked for a name or a date."""
        return self._says_little and not _NO.search(self.text)

    @property
    def stands_alone(self) -> bool:
        """Whether the text says enough words to be understood without earlier ones, and does not lean on them."""
        return not self.leans_on_context and not self._says_little

    @property
    def begun(self) -> tuple[str, ...]:
        """The earlier prompts that tell what the text is about, oldest first: back to one that is understood alone.

        A name, and then a password, answer a prompt further up.
        """
        earlier = [text for text, _ in self.context]
        alone = (place for place, text in enumerate(earlier) if not (_says_little(text) or _points_back(text)))
        return tuple(reversed(earlier[: next(alone, len(earlier)) + 1]))

    @property
    def _says_little(self) -> bool:
        return _says_little(self.text)


def split_clauses(text: str) -> tuple[str, ...]:
    """Return the parts of a text that may ask for different things.

    One too short to ask for anything joins the one before.
    """
    clauses: list[str] = []
    for part in _CLAUSE_END.split(text):
        if not part or not part.strip():
            continue
        if clauses and (len(clauses) >= MAX_CLAUSES or len(set(prose_terms(part))) < MIN_CLAUSE_TERMS):
            clauses[-1] = f"{clauses[-1]} {part.strip()}"
        else:
            clauses.append(part.strip())
    return tuple(clauses)


def parse_query(text: str, earlier: tuple[str, ...] = ()) -> Query:
    """Parse the query of a cleaned text; `earlier` are prompts before it, newest first, whose weight fades."""
    known = understood(text)
    text = _in_tools_words(text)
    context = tuple((_in_tools_words(prompt), FADING ** (age + 1)) for age, prompt in enumerate(earlier))
    terms = len(set(prose_terms(text)))
    is_short = bool(earlier) and terms <= (MAX_STATED_TERMS if _states_values(text) else MAX_FOLLOW_UP_TERMS)
    names_again = any(not names_in(text).isdisjoint(names_in(before)) for before, _ in context)
    return Query(
        text=text,
        context=context,
        leans_on_context=is_short and _points_back(text),
        is_short_after_others=is_short or (names_again and terms <= MAX_NAMING_TERMS),
        names_again=names_again,
        understood=known,
    )


def parts(query: Query, most: int = MAX_PARTS) -> tuple[Query, ...]:
    """Return a query for each clause, with the whole text as its context; the query itself if it has one clause only.

    Of more clauses than `most` neighbours are joined. What looks pasted belongs to no clause, unless there is nothing
    else.
    """
    own = own_words(query.text)
    clauses = _joined(split_clauses(own), most)
    if len(clauses) < 2 and own == query.text:
        return (query,)
    context = ((query.text, WHOLE_WEIGHT), *query.context)
    return tuple(replace(query, text=clause, context=context) for clause in clauses)


def _joined(clauses: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return at most so many texts of about the same length, of neighbouring clauses."""
    if len(clauses) <= most:
        return clauses
    ends = [*accumulate(map(len, clauses))]
    middles = [end - len(clause) / 2 for end, clause in zip(ends, clauses, strict=True)]
    groups = [int(middle * most / ends[-1]) for middle in middles]
    return tuple(
        " ".join(clause for clause, own in zip(clauses, groups, strict=True) if own == group)
        for group in dict.fromkeys(groups)
    )


@lru_cache(CACHED_TEXTS)  # an earlier prompt stands around the next ones, too
def _in_tools_words(text: str) -> str:
    """Return the text in English, in which tools are described, and in the words that they use."""
    english = in_english(text)
    return _naming_issues(plain(english))


def _naming_issues(text: str) -> str:
    """Return the text with the word that people leave out and tools are called by, for a key like `ABC-123`."""
    return _ISSUE_KEY.sub(lambda key: f"issue {key.group()}", text)


@lru_cache(CACHED_TEXTS)
def names_in(text: str) -> frozenset[str]:
    """Return, in small letters, what a text calls something by: what it quotes, files, names, whatever has a digit."""
    said = {name.casefold() for found in _NAME.findall(text) for name in found}
    return frozenset(name for name in said - VERBS if MIN_NAME <= len(name) <= MAX_NAME and not _DAY.fullmatch(name))


def _says_little(text: str) -> bool:
    return len(set(prose_terms(text))) <= MAX_ANSWER_TERMS


def _points_back(text: str) -> bool:
    return bool(_GOING_ON.match(text) or _ANAPHORA.search(text) or _states_values(text))


def _states_values(text: str) -> bool:
    """Tell whether a text only says what something is: that was asked, and what for stands further up."""
    found = _STATING.match(text)
    return bool(found and _VALUE.search(text) and len(split_clauses(text)) == 1)
