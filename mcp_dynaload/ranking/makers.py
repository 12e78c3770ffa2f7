"""The makers of products: servers are called by their maker, and people name a product alone."""

import re
from collections.abc import Container, Mapping
from functools import cache

from mcp_dynaload.ranking.terms import stemmed
from mcp_dynaload.ranking.word_files import read_words

_WORD = re.compile(r"\w+")


class Makers:
    """The makers that a catalog knows, each with its products."""

    def __init__(self, known: Container[str]) -> None:
        """Take the terms that occur in the catalog."""
        self._makers: dict[str, set[str]] = {}
        """Those who make something whose name begins with a word."""
        for maker, products in _products().items():
            if all(term in known for term in stemmed([maker])):
                for begin in (_WORD.findall(product)[0] for product in products):
                    self._makers.setdefault(begin, set()).add(maker)
                    self._makers.setdefault(f"{begin}s", set()).add(maker)

    def naming(self, text: str) -> str:
        """Return the text with its maker before the first product of each maker that it does not name."""
        words = set(_WORD.findall(text.lower()))
        makers = {maker for begin in words & self._makers.keys() for maker in self._makers[begin]}
        for maker in sorted(makers - words):
            if product := _any_product(maker).search(text):
                text = f"{text[: product.start()]}{maker} {text[product.start() :]}"
        return text


@cache
def _products() -> Mapping[str, tuple[str, ...]]:
    """Read what each maker makes and nobody else, a line each of `data/products.txt`: `maker: name two_words`."""
    lines = (line.split(": ", 1) for line in read_words("products").splitlines())
    return {maker: tuple(product.replace("_", " ") for product in products.split()) for maker, products in lines}


@cache
def _any_product(maker: str) -> re.Pattern[str]:
    written = "|".join(re.escape(product).replace(r"\ ", "[ -]") for product in _products()[maker])
    return re.compile(rf"(?<![\w./@-])(?:{written})s?(?![\w/@-]|\.\w)", re.IGNORECASE)
