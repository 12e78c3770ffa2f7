"""The form of a short prompt after others: whether it names another thing, only reacts, is about code.

What it says is too little for words and meaning to tell whether it needs a tool; how it is said tells more.
"""

import re
from dataclasses import dataclass

from mcp_dynaload.ranking.general import opens_general_question
from mcp_dynaload.ranking.query import Query, names_in
from mcp_dynaload.ranking.terms import prose_terms
from mcp_dynaload.ranking.words import CODING, CODING_ELSEWHERE, VERBS

MAX_NAMED_TERMS = 4
"""Terms of a text that names another thing and says nothing else of it ("and the ones of last week?")."""

MAX_REACTING_TERMS = 1
"""Terms beside the words of a reaction ("great find")."""

_ANOTHER = re.compile(
    r"\W*(?:and|or|also|(?:the )?same|likewise|ditto|(?:what|how) about)\b|.*\b(?:too|as well|also|instead)\W*\Z",
    re.IGNORECASE | re.DOTALL,
)
_MORE = re.compile(
    r"\W*(?:are|can|could|did|do|does|how(?! about)|is|should|was|were|what(?! about)|when|where|which|who|why|will"
    r"|would)\b"
    r"|.*[.!?]\s+\w",
    re.IGNORECASE | re.DOTALL,
)
"""A question, or a second sentence."""

_ORDER = re.compile(
    rf"\W*(?:(?:and|or|also|now|then|please|ok(?:ay)?)[\s,]+)*(?:{'|'.join(sorted(VERBS))})\b", re.IGNORECASE
)
"""An order, which has its verb first."""

_REACTION_WORD = (
    r"(?:awesome|better|brilliant|cheers|clear|cool|excellent|good|great|ha(?:ha)+|interesting|lgtm|lol|lovely|neat|nice"
    r"|perfect|phew|super|sweet|thank(?:s| you)|thx|understood|whew|wow|got it|makes sense|i (?:remember|see)(?!\s+\w))"
)
_BEFORE_REACTION = (
    r"(?:(?:ah|done|fine|hm+|(?:it|that)(?:['\u2019]?s| is)|looks?|much|oh|ok(?:ay)?|really|right|so|sounds?|very"
    r"|works?)\b[\s,.!]*)*"
)
_REACTION = re.compile(rf"\W*{_BEFORE_REACTION}{_REACTION_WORD}\b[\s,.!]*", re.IGNORECASE)
_REACTING = re.compile(rf"\b{_REACTION_WORD}\b", re.IGNORECASE)

_MEASURE = re.compile(r"\W*(?:and\s+)?how (?:accurate|big|long)\b", re.IGNORECASE)
"""A question for a fact, though some ask it of a kind of things."""

_CODE_FILE = re.compile(
    r"(?<![\w@./:-])(?!(?:next|node|vue)\.js\b)[\w./-]*\w\.(?:c|cc|cfg|cpp|cs|csproj|css|env|go|gradle|h|hpp|html|ini|ipynb"
    r"|java|jsx?|json|kt|lock|md|mod|php|py|rb|rs|scss|sh|sql|swift|tf|toml|tsx?|vue|xml|ya?ml)\b"
    r"|\b(?:Dockerfile|Makefile|CHANGELOG)\b"
)
_THE_CODE = re.compile(
    r"\bour (?!(?:area|postal|promo|qr|zip)\b)(?:\w+ )?code\b|\b(?:any|in|my|some|that|the|this) code\b(?! (?:of|\d))",
    re.IGNORECASE,
)
"""The code; a postal code is none, nor a code of conduct."""

_WORD = re.compile(r"[a-z][a-z0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpForm:
    """The form of a prompt after others."""

    points_back: bool
    """Whether it says "it", "that" and the like, and few other words."""

    is_answer: bool
    """Whether it says hardly any words, and not no: a name or a date that was asked for."""

    stands_alone: bool
    """Whether it says enough words to be understood alone, and does not point back in few of them."""

    names_again: bool
    """Whether it names something that an earlier prompt names, too."""

    names_another: bool
    only_reacts: bool
    opens_question: bool
    """Whether it begins as questions do that ask about a kind of things ("what is", "why")."""

    turns_to_code: bool


def form_of(query: Query) -> FollowUpForm:
    """Return the form of a query."""
    text = query.text
    return FollowUpForm(
        points_back=query.leans_on_context,
        is_answer=query.is_answer,
        stands_alone=query.stands_alone,
        names_again=query.names_again,
        names_another=names_another(text),
        only_reacts=only_reacts(text),
        opens_question=_asks_of_a_kind(text),
        turns_to_code=is_about_code(text) and not any(is_about_code(earlier) for earlier, _ in query.context),
    )


def names_another(text: str) -> bool:
    """Tell whether a text asks for what was asked before, of another thing ("and Priya?")."""
    text = _REACTION.sub("", text, count=1) if _REACTION.match(text) else text
    return (
        bool(_ANOTHER.match(text))
        and not (_ORDER.match(text) or _MORE.match(text) or opens_general_question(text))
        and len(set(prose_terms(text))) <= MAX_NAMED_TERMS
    )


def only_reacts(text: str) -> bool:
    """Tell whether a text says how good something is, or thanks, and hardly anything else ("great find")."""
    if not _REACTION.match(text) or _ORDER.match(text) or names_another(text):
        return False
    return len(set(prose_terms(_REACTING.sub(" ", text)))) <= MAX_REACTING_TERMS


def _asks_of_a_kind(text: str) -> bool:
    return opens_general_question(text) and not _MEASURE.match(text) and not names_in(text)


def is_about_code(text: str) -> bool:
    """Tell whether a text names a file of code, of its settings or its documents, or what code is made of."""
    said = CODING.intersection(_WORD.findall(text.lower())) - CODING_ELSEWHERE
    return bool(said or _CODE_FILE.search(text) or _THE_CODE.search(text))
