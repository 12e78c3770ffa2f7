"""A tool whose texts do not agree: its hints with its words, its name with what it says that it does besides."""

import re
from collections.abc import Iterator

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.scanning.nearby import words_in
from mcp_dynaload.scanning.passages import words_of_name

_DESTROYING = re.compile(
    r"\b(?:delet|remov|drop|eras|wip|destroy|truncat|purg|overwrit|terminat|uninstall|"
    r"revok|format(?:s)? (?:the )?(?:disk|drive))(?:e|es|s|ing|ting)?\b"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_CHANGING = re.compile(
    r"^(?:creat|updat|writ|send|post|insert|modif|edit|set|install|upload|push|"
    r"publish|deploy|transfer|mov|renam|merg|"
    r"commit|cancel|kill|stop|restart|start|invit|pay|charg|book|order)(?:e|es|s|y|ies|ing)?\b"
)
_CAPABILITIES = {
    "files": (
        r"(?:(?:local |all |your |the user'?s? |arbitrary |any )?(?:files?|home director\w+|"
        r"director(?:y|ies)|folders?|disk|documents?|photos?|desktop))"
    ),
    "secrets": (
        r"(?:passwords?|credentials?|secrets?|private keys?|ssh keys?|(?:access |api |auth "
        r"|session )?(?:tokens?|keys)|cookies?|keychain|environment variables?|env vars?|\.env|"
        r"~/\.\w+|/etc/\w+|wallet|clipboard|keystrokes|browser history)"
    ),
    "shell": (
        r"(?:(?:shell|system|arbitrary|os|terminal|bash|root|remote) (?:commands?|scripts?|"
        r"code)|(?:a|the) (?:reverse )?shell|scripts?|binar(?:y|ies)|payloads?|processes|cron "
        r"?jobs?|startup (?:item|script|entr\w+)|background (?:process|daemon|job)|firewall|"
        r"antivirus|backdoor|malware)"
    ),
    "network": (
        r"(?:(?:to|from) (?:an? |the |our |its |your )?(?:remote|external|third[- ]party|analytics|"
        r"unknown|public|outside|developer'?s?|vendor'?s?|author'?s?|c2|command)[\w -]{0,30}|"
        r"https?://\S+|outbound|network (?:traffic|scan|connections?)|to \d+\.\d+\.\d+\.\d+)"
    ),
    "messages": (
        r"(?:(?:an? |the |your |all )?(?:e-?mails?|inbox|contacts?|messages?|address book|"
        r"sms|conversations?|chat history))"
    ),
    "money": r"(?:(?:funds|money|payments?|crypto\w*|bitcoin|eth|tokens to|balance|bank))",
    "recording": r"(?:(?:microphone|webcam|camera|screen(?:shots?)?|audio|location|keyboard))",
    "databases": r"(?:databases?|tables|rows|records|backups?|repositories|branches)",
}
_SIDE = re.compile(
    r"(?:\b(?:and|then|also|additionally|plus|while|before|after|afterwards|as well as|but|besides|which)\b,?|,)"
    r"(?: (?:also|then|silently|secretly|quietly|automatically|additionally|optionally|"
    r"afterwards|finally|first|simultaneously|immediately|periodically|in the background))* "
    r"(?:(?P<verb>read|send|upload|delet|remov|execut|run|forward|writ|exfiltrat|wip|eras|"
    r"email|post|transfer|cop|install|download|"
    r"overwrit|open|spawn|launch|collect|harvest|scan|steal|record|captur|log|modif|disabl|"
    r"drop|purg|encrypt|chang|grant|creat|transmit|shar|push|report|kill|terminat|format|"
    r"mail|dump|sync|query|quer|"
    r"access|exfil|truncat|destroy|reset|revok|publish|leak|track|monitor|add)(?:s|es|"
    r"e|ies|y|ing|ping|ning|ting|ding)?)\b (?P<what>.{0,60})"
)
_OBJECTS = {kind: re.compile(rf"(?:[\w'-]+ ){{0,3}}?{pattern}(?!\w)") for kind, pattern in _CAPABILITIES.items()}
_HARMLESS = re.compile(
    r"^(?:get |fetch |show |check |lookup |current |the )*(?:calc\w*|add|sum|subtract|"
    r"multipl\w*|divid\w*|math|average|mean|"
    r"weather|forecast|temperature|time|date|clock|timezone|calendar|convert\w*|unit|currency|format\w*|pretty|"
    r"translat\w*|spell\w*|grammar|dictionary|synonym|word|count\w*|length|random|dice|"
    r"uuid|hash|color|colou?r|palette|emoji|joke|quote|fact|"
    r"greet\w*|hello|echo|ping|palindrome|reverse|sort|slug\w*|case|upper\w*|lower\w*|"
    r"trim|capital\w*|lint|valid\w*|regex|json|yaml|xml|csv|markdown|"
    r"text|string|number|prime|fibonacci|factorial|currency|bmi|tip|age|roman|morse|base64|encode|decode|"
    r"image|icon|thumbnail|resize|qr\w*|barcode|chart|summari\w*|sentiment|recipe|horoscope|"
    r"lyrics|stock|price|news|movie|trivia|score)\b"
)
"""Names of what needs nothing but what it is given, or what the world knows."""


def hint_mismatch(definition: Json) -> tuple[str, str] | None:
    """Return why a tool's hints and its words do not agree, and the words; None if they do.

    One verb that is a noun as well (a commit's history), or takes a thing out of a list without a loss, is no sign.
    """
    hints = json_object(definition.get("annotations"))
    if not hints:
        return None
    name = words_of_name(str(definition.get("name", "")))
    description = str(definition.get("description") or "")
    first = _SENTENCE_END.split(description.strip().lower(), 1)[0][:200]
    if hints.get("readOnlyHint") is True:
        if (_CHANGING.match(name) and _CHANGING.match(first or name)) or _DESTROYING.match(name):
            return "says that it only reads, and its words are about changing", name
        if found := _DESTROYING.search(first):
            return "says that it only reads, and its words are about deleting", first[found.start() :]
    if hints.get("destructiveHint") is False and hints.get("readOnlyHint") is not True:
        for text in (name, first):
            if _DESTROYING.match(text) and (text is name or not text.startswith("remov")):
                return "says that it destroys nothing, and its words are about deleting", text
    return None


def side_effects(definition: Json, sentence: str) -> Iterator[tuple[str, int]]:
    """Yield what a sentence says that a tool does besides, of a kind that its name says nothing of, and where."""
    name = _name_of(definition)
    for match in _SIDE.finditer(sentence):
        kind = next((kind for kind, pattern in _OBJECTS.items() if pattern.match(match["what"])), None)
        if kind and _HARMLESS.search(name) and not _OBJECTS[kind].search(name) and match["verb"] not in name:
            yield kind, match.start()


def may_do_else(definition: Json, vocabulary: frozenset[str]) -> bool:
    """Return whether a tool's name is of what needs nothing but what it is given, and its words tell of more."""
    return not vocabulary.isdisjoint(_OBJECT_WORDS) and _HARMLESS.search(_name_of(definition)) is not None


_OBJECT_WORDS = words_in(
    """
    file files directory directories folder folders disk document documents photo photos desktop password
    passwords credential credentials secret secrets key keys token tokens cookie cookies keychain environment
    env wallet clipboard keystrokes browser shell command commands script scripts code binary binaries payload
    process processes cron startup background firewall antivirus backdoor malware remote external third
    analytics outside public http https outbound network email emails mail inbox contact contacts message
    messages address sms conversation conversations chat funds money payment payments crypto bitcoin balance
    bank microphone webcam camera screen screenshot screenshots audio location keyboard database table tables
    rows records backup backups log logs user users account accounts branch branches repository repositories
    commits
    """
)


def _name_of(definition: Json) -> str:
    return words_of_name(f"{definition.get('name', '')} {definition.get('title') or ''}")
