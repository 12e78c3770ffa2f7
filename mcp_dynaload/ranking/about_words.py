"""Whether a prompt is about words: a text that it brings, a role to play, the answer that was just given.

Such a text is often about things that servers are for ("which of these reviews is negative"), which words and meaning
take for a need of their tools; the form tells.
"""

import re
from functools import lru_cache

_TEXT = (
    r"(?:abstracts?|arguments?|articles?|conversations?|dialogues?|documents?|essays?|excerpts?|headlines?|letters?"
    r"|lyrics|paragraphs?|passages?|phrases?|poems?|quotes?|reviews?|riddles?|sentences?|snippets?|speech(?:es)?"
    r"|statements?|stor(?:y|ies)|texts?|transcripts?|transcriptions?|words?)"
)
_GIVEN = (
    rf"\b(?:following|given|provided|presented|underlined|quoted)(?:\s+[\w'-]+){{0,2}}?\s+{_TEXT}\b",
    rf"\b(?:this|these|the)\s+{_TEXT}(?:\s+(?:above|below|here))?\s*:\s*\S",
    rf"\b{_TEXT}\s+(?:below|that follows?|(?:that )?you are given)\b",
)
_ANSWER = (
    r"\byour (?:earlier|last|latest|previous|prior) "
    r"(?:answer|example|explanation|message|poem|reply|response|solution|story|suggestion)s?\b",
)
_ROLE = (
    r"\A\W*(?:(?:please|now|let['\u2019]s)\s+)*(?:(?:imagine|picture|see) yourself|imagine (?:that )?you are|pretend"
    r"|act as|embody|(?:assume|take on|take|play) the (?:identity|part|role) of)\b",
)
_ABOUT_WORDS = re.compile("|".join((*_GIVEN, *_ANSWER, *_ROLE)), re.IGNORECASE)

LOOKED_AT = 600
"""Characters of a prompt in which it says what to do with the text that it brings."""


CACHED_TEXTS = 32
"""A prompt is read alone and with those before it."""


@lru_cache(CACHED_TEXTS)
def is_about_words(text: str) -> bool:
    """Tell whether a prompt brings the text that it is about, gives a role to play, or speaks of the last answer."""
    return bool(_ABOUT_WORDS.search(text[:LOOKED_AT]))
