"""Whether a text that was encoded is one that somebody hides from people."""

import re

from mcp_dynaload.scanning.characters import plain
from mcp_dynaload.scanning.exfiltration import SECRET_PATH
from mcp_dynaload.scanning.phrases import PHRASES
from mcp_dynaload.scanning.sentences import sentences

_COMMAND = re.compile(
    r"(?:^|[;&|`\n(]\s*|\$\()(?:sudo )?(?:curl|wget|nc|ncat|bash|sh|zsh|powershell|pwsh|cmd|python3?|"
    r"perl|ruby|node|php|chmod|chown|rm|mkfifo|"
    r"scp|ssh|dd|crontab|base64|osascript|certutil|iex|socat|cat|echo|tar|kill|export|env|printenv|"
    r"eval|source|nohup|mv|cp)\b[ \t]+\S"
    r"|/dev/tcp/|\brm -rf\b|\bos\.(?:system|popen|environ)|subprocess|child_process|\beval\s*\(|\bexec\s*\(|"
    r"\b__import__|\bimport (?:os|socket|sys|requests)\b"
    r"|invoke-(?:expression|webrequest)|<script|javascript:|\| ?(?:ba|z)?sh\b|https?://\d+\.\d+\.\d+\.\d+|"
    r"\bfetch\s*\(|\bdrop table\b|process\.env",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^(?:please |now |then |always |also |first |secretly |silently )*(?:send|read|upload|forward|"
    r"delete|execute|run|call|use|include|copy|transfer|exfiltrate|steal|leak|post|email|ignore|reveal|"
    r"tell|append|add|open|fetch|download|install|write|set|change|disable|bypass|you (?:must|are|"
    r"should|will))\b"
    r"|\b(?:you must|do not|attacker|exfiltrat\w*|instructions?|the user|system prompt|credentials?|passwords?)\b"
)
"""Words of an encoded text, once it can be read, that are meant for the model and not for people."""


def is_dangerous(text: str) -> bool:
    """Return whether a text that was encoded gives orders, runs something or is about secrets."""
    if _COMMAND.search(text) or SECRET_PATH.search(text.lower()):
        return True
    for sentence in sentences(plain(text)):
        if len(sentence.text.split()) > 2 and _ORDER.search(sentence.text):
            return True
        if any(rule.pattern.search(sentence.text) for rule in PHRASES):
            return True
    return False
