"""Development script: writes `ranking/data/english.txt` from the encoder's vocabulary, which is in order of frequency.

Usage: python -m mcp_dynaload.research.pack_english
"""

import re
import textwrap
from importlib.resources import files
from pathlib import Path

from mcp_dynaload.ranking.spelling import Spellings
from mcp_dynaload.ranking.terms import everyday_terms, stemmed

FREQUENT_STEMS = 3_500
"""The most frequent ones, one of which may stand in a tool's name."""

MORE = """airtable ansible asana bigquery bitbucket clickup cloudflare confluence datadog discord docker dropbox dynamo
    elastic figma firebase gitea github gitlab grafana hubspot intercom jenkins kafka lambda linear mongo mysql netlify
    nginx notion pagerduty pinecone postgres prometheus redis sentry shopify slack snowflake splunk stripe supabase
    telegram terraform trello twilio vercel webflow zendesk zoom
    backend blockchain chatbot codebase dataset emoji firewall firmware frontend hashtag kernel laptop plugin radian
    runbook sandbox spreadsheet ticker timeline timestamp uptime webcam webhook widget workflow"""
"""Products and words of the trade: who names one that is not there means no other."""

LEFT_OUT = {"bitch", "bastard", "fuck", "piss", "rape", "rapist", "shit", "slut", "whore"}


def confusable(words: list[str]) -> list[str]:
    """Return the stems of words, in their order, that a misspelling of another could look like."""
    stems = list(dict.fromkeys(stem for word in words for stem in stemmed([word]) if stem not in everyday_terms()))
    known = Spellings((other, other) for other in (*stems[:FREQUENT_STEMS], *sorted(everyday_terms())))
    return [stem for stem in stems if known.has_neighbour(stem)]


def main() -> None:
    """Write the list."""
    vocabulary = files("mcp_dynaload").joinpath("encoder/model/vocabulary.txt").read_text("utf-8")
    words = [word for word in vocabulary.splitlines() if re.fullmatch(r"[a-z]{5,14}", word)]
    stems = sorted({*confusable(words), *stemmed([*MORE.split()])} - LEFT_OUT - everyday_terms())
    lines = textwrap.fill(" ".join(stems), 120)
    target = Path(__file__).parent.parent / "ranking" / "data" / "english.txt"
    target.write_text(f"{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
