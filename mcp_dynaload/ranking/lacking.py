"""Sentences in which the model says that it lacks a tool, in the languages that prompts are read in."""

import re
from dataclasses import dataclass

from mcp_dynaload.ranking.terms import english_terms, everyday_terms, stemmed

MAX_LENGTH = 4_000
"""Characters of an answer that are looked at, from its end: that is where the model gives up."""

MAX_SENTENCES = 3

_LACKING = (
    # English: of itself, and of what there is
    r"\bI (?:currently |also |still )?(?:do not|don['\u2019]t|cannot|can['\u2019]t|can not|lack|have no)\b",
    r"\bI am (?:currently |also |still )?(?:unable|not able) to\b",
    r"\bI['\u2019]m (?:currently |also |still )?(?:not able to|unable to|not connected to|missing)\b",
    r"\b(?:there (?:is|are)|there['\u2019]s|I see|I have) no (?:[\w-]+ ){0,3}(?:tools?|integrations?|connectors?)\b",
    r"\bno (?:[\w-]+ ){0,3}(?:tools?|integrations?|connectors?) (?:is |are )?(?:available|connected|configured)\b",
    # German, French, Spanish, Italian, Portuguese, Dutch
    r"\b[Ii]ch (?:habe|kann|sehe|verfüge)\b.*?\b(?:kein\w*|nicht)\b|\b(?:habe|kann) ich\b.*?\b(?:kein\w*|nicht)\b",
    r"\b[Jj]e (?:n['\u2019]ai (?:pas|aucun)|ne (?:peux|dispose|vois|trouve|suis) (?:pas|aucun))\b",
    r"\b[Nn]o (?:tengo|puedo|dispongo|veo|cuento)\b",
    r"\b[Nn]on (?:ho|posso|dispongo|vedo|riesco)\b",
    r"\b[Nn]ão (?:tenho|posso|consigo|disponho|vejo)\b",
    r"\b[Ii]k (?:heb|kan|zie|beschik)\b.*?\b(?:geen|niet)\b",
    # Polish, Russian, Turkish, Hindi
    r"\b[Nn]ie (?:mam|mogę|widzę|dysponuję)\b",
    r"\b[УуЯя](?: меня)? (?:нет|не (?:могу|имею|вижу))\b",
    r"(?:erişimim|aracım|araç|aracı|erişim) (?:yok|bulunmuyor)|(?:erişemiyorum|yapamıyorum)",  # noqa: RUF001 - Turkish
    r"मेरे पास .*नहीं|नहीं कर सकता",
    # Chinese, Japanese, Korean
    r"我(?:没有|沒有|无法|無法|不能)|没有(?:可用的)?工具",
    r"(?:ツール|アクセス).*(?:ありません|ない)|(?:でき|アクセスでき)ません",
    r"(?:도구|접근|권한).*(?:없습니다|없어)|할 수 없습니다",
)
_SAYS_SO = re.compile("|".join(f"(?:{pattern})" for pattern in _LACKING))
_OPINION = re.compile(
    r"\bI (?:do not|don['\u2019]t|cannot|can['\u2019]t) "
    r"(?:think|believe|know|recommend|see why|need|want|find any|say|tell)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|[。！？]|\n+")  # noqa: RUF001 - Chinese and Japanese
_INSTEAD = re.compile(r",?\s+(?:so|but|however|instead|though)\b", re.IGNORECASE)
_TOOL = re.compile(r"^(?:have |see |find )?(?:(?:a|an|any|the) )?(?:tools?|ability|way|means) (?:for|to|that|which) ")
_CAPITAL = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w-]+")
_WORDS = re.compile(r"[^\W\d_][\w-]*")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lacking:
    """A sentence in which the model says that it cannot do something, or has no tool for it."""

    sentence: str

    @property
    def readings(self) -> tuple[str, ...]:
        """The texts that may tell what is lacked: what is done instead may stand in the same sentence, or what is."""
        return tuple(dict.fromkeys((without_saying_so(self.sentence), self.sentence)))

    @property
    def says_tool(self) -> bool:
        """Whether it speaks of a tool."""
        return "tool" in self.sentence.lower()

    @property
    def names(self) -> tuple[str, ...]:
        """The words that may be names of services: an everyday word only where it is written like a name."""
        capitals = {word.lower() for word in _CAPITAL.findall(self.sentence)}
        words = dict.fromkeys(word.lower().removesuffix("'s") for word in _WORDS.findall(self.sentence))
        everyday = everyday_terms() | english_terms()
        return tuple(word for word in words if word in capitals or not everyday.intersection(stemmed([word])))


def lacking(text: str) -> tuple[Lacking, ...]:
    """Return the last sentences in which the model says that it cannot do something, or has no tool for it."""
    sentences = _SENTENCE.split(_CODE.sub(" ", text[-MAX_LENGTH:]))
    found = [sentence.strip() for sentence in sentences if _SAYS_SO.search(sentence) and not _OPINION.search(sentence)]
    return tuple(map(Lacking, found[-MAX_SENTENCES:]))


def without_saying_so(sentence: str) -> str:
    """Return what is lacked: the sentence without the words that say that it is, and without what is done instead."""
    before, *_ = _INSTEAD.split(_SAYS_SO.sub(" ", sentence).strip(), maxsplit=1)
    return _TOOL.sub("", before).strip()
