"""Sentences, and names of parameters, that fetch what is private and hand it on."""

import re
from collections.abc import Iterator
from functools import lru_cache

from mcp_dynaload.scanning.element import Severity
from mcp_dynaload.scanning.nearby import places_of, words_in
from mcp_dynaload.scanning.passages import words_of_name

HARD, SOFT = Severity.HARD, Severity.SOFT

BEFORE, AFTER = 110, 120
"""Characters on either side of what is private in which it is said what becomes of it."""

SECRET_PATH = re.compile(
    r"(?:\.ssh\b(?!/[\w.-]*\.pub\b)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b(?!\.pub\b)|\bauthorized_keys\b|"
    r"\.aws\b(?!\.)|\.kube/config|\bkubeconfig\b|\.docker/config|"
    r"\.netrc\b|\.npmrc\b|\.pypirc\b|\.git-credentials\b|\.pgpass\b|\.gnupg\b|(?<![\w}\)])\.env\b(?![\w(\[])"
    r"|/etc/(?:passwd|shadow|sudoers)|"
    r"\.(?:bash|zsh|sh|psql|mysql)_history\b|/proc/(?:self|\d+)/environ|\.cursor/|\bmcp\.json\b|claude_desktop_c"
    r"onfig|\.claude(?:\.json|/)|"
    r"wallet\.dat|\blogin data\b|cookies\.sqlite|\bkeychain\b|\.config/gcloud|\.azure/|service[-_]account\.json|"
    r"application_default_credentials|\.vault-token|\bcredentials?\.(?:json|ya?ml|csv|db|xml)|\bsecrets?\.(?:jso"
    r"n|ya?ml|toml|env|txt)|"
    r"169\.254\.169\.254|metadata\.google\.internal|/root/|\bntuser\.dat|\bsam hive\b|\.pem\b|\.p12\b|"
    r"\.pfx\b|\.kdbx\b|\.keystore\b)"
)
"""Files that hold keys, passwords and tokens, by their usual names."""

_READING = re.compile(
    r"\b(?:read|open|load|fetch|cat|access|retrieve|collect|gather|dump|extract|copy|scan|list|grab|"
    r"get|take|look up|include|"
    r"attach|append|print|return|provide|check|harvest)(?:s|es|ing)?\b"
)
_SENDING = re.compile(
    r"\b(?:send|upload|post|forward|transmit|submit|e?mail|ship|push|relay|beacon|report|copy|copies|"
    r"sync|deliver|share|pipe|"
    r"stream|leak|exfiltrate|smuggle|encode)(?:s|ing)?\b"
)
_PUTTING = re.compile(
    r"\b(?:pass|include|insert|put|place|paste|append|attach|embed|encode|add|write|fill|provide|supply|"
    r"use|copy|stuff|store|"
    r"hide|send|return|give|submit|set|share|report|record|log|upload|forward)(?:s|es|ing)?\b"
)
_STEALING = re.compile(
    r"\b(?:exfiltrat(?:e|es|ing)|steal(?:s|ing)?|harvest(?:s|ing)?|siphon(?:s|ing)?|smuggl(?:e|es|"
    r"ing)|leak(?:s|ing)?)\b"
)
_FIRST = re.compile(
    r"\b(?:before|prior to|first|in order to|as part of|required|must|always|whenever|when|after|mandatory|"
    r"otherwise|also|then|every)\b"
    r".{0,100}\b(?:read|open|cat|load|fetch|access|collect|gather|dump|copy|extract|retrieve|include|"
    r"attach|append|upload|send|get)\b.{0,50}$"
)
_SLOT = (
    r"(?:arguments?|arg|parameters?|param|fields?|sidenote|side note|notes?|headers?|query|inputs?|"
    r"property|metadata|comments?|"
    r"context|value|key|url|request|call|reason|body|response|answer|output|message)"
)
_INTO_SLOT = re.compile(
    r"\b(?:into|in|as|via|through|inside|within|to)\b (?:the |a |an |its |this |your |our |tool'?s? "
    rf"|hidden )*[\"'`]?[\w-]{{0,30}}[\"'`]?.{{0,20}}\b{_SLOT}\b"
)
_THEN_ON = re.compile(
    r"\b(?:and|then|to)\b.{0,30}\b(?:it|its|them|that|contents?|text|data|values?|everything|result)\b"
)
_AWAY = re.compile(
    r"\b(?:to|at|via|through|with|over)\b.{0,40}(?:https?://\S+|[\w.+-]{1,60}@[\w-]{1,60}\.\w+|\b(?:external|"
    r"remote|third[- ]party|"
    r"attacker\w*|our|my|analytics|telemetry|webhook|collector|collection|logging|tracking|monitoring|"
    r"command|c2|unknown|outside|"
    r"public|pastebin|requestbin|ngrok)\b)"
)
_RETURNED = re.compile(r"\b(?:returns|gives|provides|reports|shows)\b")
_SENT_ON = re.compile(rf"(?:\b(?:and|then)\b|,|;).{{0,30}}(?:{_SENDING.pattern}).{{0,40}}(?:{_AWAY.pattern})")
_PUT_ON = re.compile(
    rf"(?:\b(?:and|then)\b|,|;).{{0,20}}(?:{_PUTTING.pattern}).{{0,20}}\b(?:it|them|that|these|those)"
    rf"\b.{{0,20}}(?:{_INTO_SLOT.pattern})"
)
_EVERYTHING = re.compile(
    r"\b(?:all|any|every|your|available|stored|found|known|(?:the )?(?:user|current|full|entire|complete|"
    r"whole)(?:'?s|s')?)\b.{0,30}$"
)
_INSISTING = re.compile(r"\b(?:always|must|every call|before|first)\b")
_CONTENT_OF = re.compile(
    r"\b(?:(?:contents?|text|data|value|values|output) (?:of|from)|read(?:ing)?(?: from)?|paste|dump "
    r"of|copy of)\b.{0,50}$"
)
_ITSELF_READS = re.compile(
    r"\b(?:reads|opens|loads|fetches|accesses|retrieves|collects|gathers|dumps|extracts|copies|scans|"
    r"grabs|sends|uploads)\b.{0,50}$"
)

_SECRETS = (
    r"(?:api[ _-]?keys?|access[ _-](?:tokens?|keys?)|(?:auth\w*|session|bearer|oauth|refresh)[ _-]?tokens?|"
    r"passwords?|passphrases?|"
    r"credentials?|private[ _-]keys?|ssh[ _-]keys?|secrets?|seed phrases?|mnemonics?|environment variables?|"
    r"env vars?|cookies?|"
    r"wallets?|tokens|process\.env|os\.environ|browser (?:history|data)|clipboard)"
)
_CONTEXT = (
    r"(?:(?:conversation|chat|dialog(?:ue)?|session)(?:'s)? (?:history|log|transcript|context|contents?|so far)|"
    r"(?:entire|full|whole|complete|all|every|previous|prior|raw)(?: \w+){0,2} (?:conversation|chat|"
    r"dialog(?:ue)?|user messages?|user prompts?|context window|prompts?)|"
    r"(?:your|the|full|current|original|verbatim|hidden) (?:system (?:prompt|message|instructions?)"
    r"|developer (?:prompt|message)|chain[- ]of[- ]thought|internal reasoning)|"
    r"list of (?:all )?(?:available |your )?tools|names of (?:all )?(?:the )?(?:other |available )?tools)"
)

SECRET_NAME = re.compile(
    r"\b(?:contents?|reading|read|dump|data|file|text|value)\b.{0,30}\b(?:ssh|id rsa|private key|etc "
    r"passwd|etc shadow|aws credentials|env file|environ|dotenv|mcp json|kube ?config)\b|"
    r"\b(?:ssh|id rsa|private key|etc passwd|etc shadow|aws credentials|env|environ|dotenv|mcp json|"
    r"kube ?config)\b.{0,12}\b(?:contents?|dump)\b|"
    r"\b(?:all|stolen|users?|every|exfil\w*)\b.{0,12}\b(?:passwords|credentials|secrets|tokens|api "
    r"keys|env(?:ironment)? var\w*)\b"
)
"""A parameter's name in words that asks for it."""

CONTEXT_NAME = re.compile(
    r"^(?:the )?(?:(?:full |entire |whole |complete |raw |previous )?(?:conversation|chat|dialog|message|"
    r"messages|user)(?: history| context| log| transcript| messages)|"
    r"(?:your |llm |model |current |full )?system (?:prompt|message|instructions?)|conversation|chain "
    r"of thought|(?:model|assistant|agent|llm|internal) (?:reasoning|thoughts?|context|instructions|"
    r"memory)|all (?:messages|context|tools)|full context|available tools|tools list|session context)"
    r"$"
)
"""A parameter's name in words: conversation, system prompt, what the model thinks."""

_PRIVATE = re.compile(rf"(?P<path>{SECRET_PATH.pattern})|\b(?P<secret>{_SECRETS})\b|\b(?P<context>{_CONTEXT})\b")
_PATH_SIGNS = (
    ".ssh",
    "id_rsa",
    "id_ed",
    "id_ecdsa",
    "id_dsa",
    "authorized_keys",
    ".aws",
    ".kube/",
    "kubeconfig",
    ".docker/",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-cred",
    ".pgpass",
    ".gnupg",
    ".env",
    "/etc/",
    "_history",
    "/environ",
    ".cursor/",
    "mcp.json",
    "claude_desktop",
    ".claude",
    "wallet.dat",
    "login data",
    "cookies.sqlite",
    "keychain",
    "/gcloud",
    ".azure/",
    "service-account.json",
    "service_account.json",
    "default_credentials",
    ".vault-token",
    "credential.",
    "credentials.",
    "secret.",
    "secrets.",
    "169.254.",
    "metadata.google",
    "/root/",
    "ntuser",
    "sam hive",
    ".pem",
    ".p12",
    ".pfx",
    ".kdbx",
    ".keystore",
)
"""One of these stands in every secret path."""

_PATH_WORDS = words_in(
    """
    ssh id_rsa id_ed25519 id_ecdsa id_dsa authorized_keys aws kube kubeconfig docker netrc npmrc pypirc
    git-credentials pgpass gnupg env etc bash_history zsh_history sh_history psql_history mysql_history environ
    cursor mcp claude_desktop_config claude wallet login cookies keychain gcloud azure service-account
    service_account application_default_credentials vault-token credential credentials secret secrets 169
    metadata root ntuser hive pem p12 pfx kdbx keystore passwd shadow sudoers
    """
)
_SECRET_WORDS = words_in(
    """
    key keys token tokens password passwords passphrase passphrases credential credentials secret secrets seed
    mnemonic mnemonics variable variables vars environ cookie cookies wallet wallets browser clipboard
    """
)
"""The last words of what is secret."""

_SECRET = re.compile(rf"\b{_SECRETS}\b")
_CONTEXT_WORDS = words_in(
    """
    conversation chat dialog dialogue transcript messages prompts prompt instructions reasoning history
    """
)
_STEALING_WORDS = words_in(
    """
    exfiltrate exfiltrates exfiltrating steal steals stealing harvest harvests harvesting siphon siphons smuggle
    smuggles smuggling leak leaks leaking
    """
)
_SENDING_WORDS = words_in(
    """
    send sends sending upload uploads uploading post posts forward forwards transmit transmits submit submits
    email emails mail ship ships push relay relays beacon report reports copy copies sync syncs deliver share
    pipe stream encode encodes
    """
)
_AWAY_WORDS = words_in(
    """
    http https external remote third attacker our my analytics telemetry webhook collector collection logging
    tracking monitoring command c2 unknown outside public pastebin requestbin ngrok com
    """
)
_PUTTING_WORDS = words_in(
    """
    pass passes include includes insert inserts put puts place paste append appends attach attaches embed embeds
    encode add adds write fill provide supply use copy stuff store hide send sends return give submit set share
    report record log upload forward
    """
)

Judged = tuple[Severity, str, str, int]


def handed_on(words: str, *, is_parameter: bool) -> Iterator[Judged]:
    """Yield severity, rule, reason and place for each private thing in a sentence that is fetched and handed on."""
    for match in _PRIVATE.finditer(words):
        yield from _judged(words, match, is_parameter=is_parameter)


def _judged(words: str, match: re.Match[str], *, is_parameter: bool) -> Iterator[Judged]:
    before, after = _around(words, match)
    if _is_handed_on(match.lastgroup or "", before, after):
        yield HARD, "exfiltration", "fetches what is private and hands it on", match.start()
    elif match["path"] and is_parameter and _CONTENT_OF.search(before[-60:]):
        yield HARD, "exfiltration", "asks for what a secret file holds", match.start()
    elif match["path"] and _ITSELF_READS.search(before[-70:]):
        yield SOFT, "secret file", "reads a file that holds secrets", match.start()
    elif match["context"] and is_parameter:
        yield SOFT, "asks for context", "asks for the conversation or the model's instructions", match.start()


def _is_handed_on(kind: str, before: str, after: str) -> bool:
    near = before[-80:]
    if _STEALING.search(before[-60:]):
        return True
    is_sent_away = _SENDING.search(before[-70:]) is not None and _AWAY.search(after[:110]) is not None
    is_read = _READING.search(near) is not None
    if is_read and kind != "context" and (_SENT_ON.search(after) or _PUT_ON.search(after)):
        return True
    if kind == "path":
        return (
            is_sent_away
            or (
                _INTO_SLOT.search(after) is not None
                and any(verbs.search(near) for verbs in (_READING, _PUTTING, _SENDING))
            )
            or (is_read and _hands_on(after[:100], does_itself=_ITSELF_READS.search(near) is not None))
            or _FIRST.search(before) is not None
        )
    if kind == "secret":
        is_put = _PUTTING.search(before[-70:]) is not None and _EVERYTHING.search(before[-50:]) is not None
        return is_sent_away or (is_put and _INTO_SLOT.search(after[:80]) is not None)
    is_given = _PUTTING.search(before[-60:]) is not None
    return is_sent_away or (is_given and (_INSISTING.search(before) or _INSISTING.search(after[:80])) is not None)


def _hands_on(after: str, *, does_itself: bool) -> bool:
    """Return whether what was read is handed on next; to return it is what a tool that says that it reads it is for."""
    then = _THEN_ON.search(after)
    if then is None or (does_itself and _RETURNED.search(then[0])):
        return False
    return (_PUTTING.search(then[0]) or _SENDING.search(then[0])) is not None


def may_hand_on(line: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text in small letters, of these words, may hand anything private on."""
    if not vocabulary.isdisjoint(_PATH_WORDS) and any(
        SECRET_PATH.search(line, max(0, at - 12), at + 40)
        for at in places_of(line, (sign for sign in _PATH_SIGNS if sign in line))
    ):
        return True
    is_stolen = not vocabulary.isdisjoint(_STEALING_WORDS)
    is_sent = not (vocabulary.isdisjoint(_SENDING_WORDS) or vocabulary.isdisjoint(_AWAY_WORDS))
    is_put = not vocabulary.isdisjoint(_PUTTING_WORDS) and not vocabulary.isdisjoint(_SLOT_WORDS)
    if is_stolen or is_sent or is_put:
        for at in places_of(line, vocabulary & _SECRET_WORDS):
            match = _SECRET.search(line, max(0, at - 14), at + 16)
            if match and _is_handed_on("secret", *_around(line, match)):
                return True
    if is_stolen or is_sent or is_put:
        for at in places_of(line, vocabulary & _CONTEXT_WORDS):
            match = _CONTEXT_ONLY.search(line, max(0, at - 40), at + 40)
            if match and _is_handed_on("context", *_around(line, match)):
                return True
    return _may_ask(line, vocabulary)


def _around(line: str, match: re.Match[str]) -> tuple[str, str]:
    """Return what stands before and after something private."""
    return line[max(0, match.start() - BEFORE) : match.start()], line[match.end() : match.end() + AFTER]


_SLOT_WORDS = words_in(
    """
    argument arguments parameter parameters param field fields sidenote note notes header headers query input
    property metadata comment context value key url request call reason body response answer output message
    """
)


def _may_ask(line: str, vocabulary: frozenset[str]) -> bool:
    return any(
        _CONTEXT_ONLY.search(line, max(0, at - 40), at + 40) for at in places_of(line, vocabulary & _ASKED_WORDS)
    )


_ASKED_WORDS = words_in(
    """
    conversation chat dialog dialogue transcript thought reasoning prompt message session tools
    """
)
_CONTEXT_ONLY = re.compile(rf"\b{_CONTEXT}\b")


@lru_cache(maxsize=8_192)
def asked_by_name(name: str) -> tuple[Severity, str, str] | None:
    """Return severity, rule and reason of a parameter whose name asks for what is private; cached, as names recur."""
    words = words_of_name(name)
    if SECRET_NAME.search(words):
        return HARD, "exfiltration", "asks for what a secret file holds"
    if CONTEXT_NAME.search(words):
        return SOFT, "asks for context", "asks for the conversation or the model's instructions"
    return None
