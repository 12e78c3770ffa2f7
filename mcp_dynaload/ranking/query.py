"""The query of a prompt: cleaned of what nobody meant as a request, split into clauses, with what was said before."""

import re
from dataclasses import dataclass, replace

from mcp_dynaload.ranking.foreign import in_english
from mcp_dynaload.ranking.idioms import plain
from mcp_dynaload.ranking.terms import filler_terms, prose_terms
from mcp_dynaload.ranking.words import VERBS

MAX_LENGTH = 4_000
"""Characters of a cleaned prompt: its beginning and its end are kept, where people say what they want."""

MAX_PASTED_LENGTH = 160
"""Characters kept of each fenced block and of all other lines that look pasted."""

MAX_CLAUSES = 10
MIN_CLAUSE_TERMS = 2

MAX_FOLLOW_UP_TERMS = 7

MAX_ANSWER_TERMS = 2
"""Terms of a text that says little more than a name or a date."""

FADING = 0.4
"""The weight of a prompt against the one after it."""

WHOLE_WEIGHT = 0.4
"""The weight of the whole text against one of its clauses."""

_BLOCK = re.compile(
    r"<(task-notification|system-reminder|local-command-\w+|command-\w+)\b[^>]*>.*?(?:</\1>|\Z)", re.DOTALL
)
_ROOT_FOLDERS = (
    "Applications|Library|System|Users|Volumes|app|bin|boot|data|dev|etc|home|lib|lib64|media|mnt|opt|private|proc|root"
    "|run|sbin|srv|sys|tmp|usr|var|workspace"
)
"""Folders at the root of a file system: a text that begins with one is about a path."""

_COMMAND_LINE = re.compile(rf"\s*(/(?!(?:{_ROOT_FOLDERS})\b)[A-Za-z][\w:-]*(?:[ \t][^\n]*)?)(?:\r?\n|\Z)")
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_PASTED_LINE = re.compile(
    r"^(?:\s*(?:\[?\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\[\d\d:)|\s*(?:at |File \"|Traceback|\w+Error:|\w+Exception:)"
    r"|\s*(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL)\b|[+-]{3} |@@ |\s{4,}\S|.*[{};]\s*$|\s*(?:>>>|\$) )"
)
_ANAPHORA = re.compile(r"\b(?:it|its|that|this|them|those|these|same|again|also|too|another|instead)\b", re.IGNORECASE)
_GOING_ON = re.compile(
    r"(?:ok(?:ay)?|yes|no|now|good)?[\s,.]*(?:and|or|but|now|then|what about|how about)\b", re.IGNORECASE
)
_ISSUE_KEY = re.compile(
    r"(?<![\w/.-])(?!(?:AES|BASE|COVID|CVE|CWE|DDR|EC|ES|GPT|HTTP|IEC|IP|ISO|JPEG|MD|MP|PEP|PS|RFC|RSA|SHA|TLS|UCS|USB|UTF)-)"
    r"[A-Z][A-Z0-9]{1,9}-\d{1,6}(?![\w/.-]*\w)"
)
"""`ABC-123`, as trackers name their issues; what has the same shape and is none comes first."""

_COURTESY = re.compile(
    r"\b(?:thanks|thank you)(?: (?:a lot|again|so much|very much))?\b"
    r"|\bthat(?:['\u2019]s|['\u2019]ll be| is| will be| was) (?:all|it|everything)"
    r"(?: for (?:today|now|the day|tonight))?\b"
    r"|\b(?:see|talk to) you(?: later| soon| tomorrow| then)?\b|\bgood (?:morning|evening|night|bye)\b|\b(?:good)?bye\b"
    r"|\bhave a (?:nice|good|great|lovely) (?:day|evening|weekend|one)\b",
    re.IGNORECASE,
)

_NO = re.compile(r"\b(?:no|not|don['\u2019]?t|never|nothing|nevermind|wait|stop)\b", re.IGNORECASE)

_VERB = "|".join(sorted(VERBS))
_CLAUSE_END = re.compile(
    rf"(?<=[.!?;:])\s+|\n+|,?\s+(?:and\s+)?(?:then|afterwards|after that)\s+|,\s+and\s+|,?\s+and\s+(?=(?:{_VERB})\b)"
    rf"|,\s+(?=(?:{_VERB})\b)",
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

    @property
    def is_answer(self) -> bool:
        """Whether the text says hardly any words, and not no: what one writes who was asked for a name or a date."""
        return len(set(prose_terms(self.text))) <= MAX_ANSWER_TERMS and not _NO.search(self.text)


def clean(prompt: str) -> str:
    """Return the user's own words in a prompt, without the slash-command line that it may begin with.

    They are empty if they have no content of their own ("yes", "go on", "thanks").
    """
    return clean_text(split_command(_BLOCK.sub(" ", prompt))[1])


def clean_text(text: str) -> str:
    """Return the words of a text that cannot begin with a command: a task, a subagent's prompt."""
    text = _FENCE.sub(_shortened, _BLOCK.sub(" ", text))
    text = _without_pasted_lines(text).strip()
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH * 3 // 4]}\n{text[-MAX_LENGTH // 4 :]}"
    return text if has_content(_COURTESY.sub(" ", text)) else ""


def split_command(prompt: str) -> tuple[str, str]:
    """Return the slash-command line with which a prompt begins, empty if it begins otherwise, and the text after it.

    A line further down is none: it stands in a text, in code or in something pasted, whoever sends it.
    """
    found = _COMMAND_LINE.match(prompt)
    return (found[1].strip(), prompt[found.end() :]) if found else ("", prompt)


def has_content(text: str) -> bool:
    """Return whether any word says what to do, not only that something should go on."""
    return any(term not in filler_terms() and not term.isdigit() for term in prose_terms(in_english(text)))


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
    text = _in_tools_words(text)
    is_short_after_others = bool(earlier) and len(set(prose_terms(text))) <= MAX_FOLLOW_UP_TERMS
    return Query(
        text=text,
        context=tuple((_in_tools_words(prompt), FADING ** (age + 1)) for age, prompt in enumerate(earlier)),
        leans_on_context=is_short_after_others and _points_back(text),
        is_short_after_others=is_short_after_others,
    )


def parts(query: Query) -> tuple[Query, ...]:
    """Return a query for each clause, with the whole text as its context; the query itself if it has one clause only.

    What looks pasted belongs to no clause, unless there is nothing else.
    """
    own = own_words(query.text)
    clauses = split_clauses(own)
    if len(clauses) < 2 and own == query.text:
        return (query,)
    context = ((query.text, WHOLE_WEIGHT), *query.context)
    return tuple(replace(query, text=clause, context=context) for clause in clauses)


def own_words(text: str) -> str:
    """Return the text without what looks pasted, unless there is nothing else."""
    own = "\n".join(line for line in _FENCE.sub("", text).split("\n") if not _PASTED_LINE.match(line))
    return own if has_content(own) else text


def _in_tools_words(text: str) -> str:
    """Return the text in English, in which tools are described, and in the words that they use."""
    return _naming_issues(plain(in_english(text)))


def _naming_issues(text: str) -> str:
    """Return the text with the word that people leave out and tools are called by, for a key like `ABC-123`."""
    return _ISSUE_KEY.sub(lambda key: f"issue {key.group()}", text)


def _points_back(text: str) -> bool:
    return bool(_GOING_ON.match(text) or _ANAPHORA.search(text))


def _shortened(block: re.Match[str]) -> str:
    """Return the beginning of a fenced block, closed again: what follows it is the user's own."""
    text = block.group()
    return text if len(text) <= MAX_PASTED_LENGTH else f"{text[:MAX_PASTED_LENGTH]}\n{block.group(1)}"


def _without_pasted_lines(text: str) -> str:
    left = MAX_PASTED_LENGTH
    kept: list[str] = []
    for line in text.splitlines():
        if _PASTED_LINE.match(line):
            left -= len(line)
            if left < 0:
                continue
        kept.append(line)
    return "\n".join(kept)
