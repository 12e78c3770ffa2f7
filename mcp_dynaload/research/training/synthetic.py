"""Prompts made by rule from a definition: plain, terse, paraphrased, misspelt, compound, in distracting company."""

import json
import re
from pathlib import Path
from random import Random
from typing import cast

from mcp_dynaload.encoder.tool_text import split_identifier

_PHRASES = json.loads(Path(__file__).with_name("phrases.json").read_text("utf-8"))
OPENERS, CLOSERS, JOINERS, CONTEXTS, VALUES, STOP_WORDS = cast(
    list[list[str]], [_PHRASES[kind] for kind in ("openers", "closers", "joiners", "contexts", "values", "stop_words")]
)
SYNONYMS = cast(dict[str, list[str]], _PHRASES["synonyms"])

_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n\s*\n|\n\s*(?:args|returns|parameters|example)", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"^(?:(?:this|the|a|an)\s+(?:\w+\s+)?(?:tool|endpoint|api|function|method|command|action)s?\s+(?:\w+\s+)?"
    r"|(?:use (?:this|it)|tool|endpoint|api|function)\s+(?:\w+\s+)?to\s+"
    r"|allows? (?:you|users?) to\s+|will\s+|to\s+)",
    re.IGNORECASE,
)


def wish(name: str, description: str) -> str:
    """Return a tool's purpose as a user would ask for it: its description's first sentence, in the imperative."""
    first = _SENTENCE_END.split(description.strip(), maxsplit=1)[0]
    words = _PREAMBLE.sub("", " ".join(first.split())).rstrip(".!: ").split()[:22]
    if len(words) < 2:
        return split_identifier(name)
    words[0] = _imperative(words[0].lower())
    return " ".join(words)


def _imperative(verb: str) -> str:
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if re.search(r"(?:s|x|ch|sh)es$", verb):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith(("ss", "us", "is")) and len(verb) > 3:
        return verb[:-1]
    return verb


def paraphrase(text: str, random: Random, share: float = 0.6) -> str:
    """Return the text with many of its words replaced by others of the same meaning."""
    return " ".join(
        random.choice(SYNONYMS[word.lower()]) if word.lower() in SYNONYMS and random.random() < share else word
        for word in text.split()
    )


def terse(name: str, text: str, random: Random) -> str:
    """Return two to four telling words in any order, as typed into a search box."""
    pool = [
        word for word in f"{split_identifier(name)} {text.lower()}".split() if word not in STOP_WORDS and word.isalpha()
    ]
    pool = list(dict.fromkeys(pool))[:8]
    chosen = random.sample(pool, min(len(pool), random.randint(2, 4)))
    return " ".join(chosen if random.random() < 0.3 else [word for word in pool if word in chosen])


def misspell(text: str, random: Random, share: float = 0.2) -> str:
    """Return the text with typing errors in some of its longer words."""
    words = text.split(" ")
    return " ".join(_typo(word, random) if len(word) > 3 and random.random() < share else word for word in words)


def _typo(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    kind = random.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + random.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]


def distract(text: str, random: Random) -> str:
    """Return the text between sentences that ask for nothing."""
    before = " ".join(random.sample(CONTEXTS, random.randint(0, 2)))
    after = " ".join(random.sample(CONTEXTS, random.randint(0, 1)))
    return " ".join(part for part in (before, text, after) if part)


def with_values(text: str, parameters: list[str], random: Random) -> str:
    """Return the text with made-up values for some of the parameters."""
    for parameter in random.sample(parameters, min(len(parameters), random.randint(0, 2))):
        value = random.choice(VALUES)
        words = split_identifier(parameter)
        text += random.choice((f" for {value}", f" with {words} {value}", f" '{value}'", f" in {value}"))
    return text


def request(name: str, description: str, parameters: list[str], random: Random) -> str:
    """Return a prompt in one of the styles that people write in."""
    core = wish(name, description) if random.random() < 0.8 else split_identifier(name)
    style = random.random()
    if style < 0.2:
        core = terse(name, core, random)
        return misspell(core, random, 0.3) if random.random() < 0.3 else core
    if style < 0.75:
        core = paraphrase(core, random)
    if random.random() < 0.3:
        core = drop_words(core, random)
    core = random.choice(OPENERS) + with_values(core, parameters, random) + random.choice(CLOSERS)
    if random.random() < 0.2:
        core = misspell(core, random)
    return distract(core, random) if random.random() < 0.15 else core


def drop_words(text: str, random: Random) -> str:
    """Return the text with a fifth of its words left out."""
    return " ".join(word for word in text.split() if random.random() > 0.2) or text


def join(texts: list[str], random: Random) -> str:
    """Return one compound prompt of several."""
    text = texts[0].rstrip(".?! ")
    for other in texts[1:]:
        text += random.choice(JOINERS) + other.rstrip(".?! ")
    return distract(text, random) if random.random() < 0.2 else text
