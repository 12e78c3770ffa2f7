"""The word lists that travel with us, a text file each in `data`: plain words, or `word: words of the same meaning`."""

from importlib.resources import files


def read_words(name: str) -> str:
    """Return the content of a list, by its name without the ending: "stopwords", "languages/german"."""
    return files("mcp_dynaload").joinpath(f"ranking/data/{name}.txt").read_text("utf-8")
