"""The lexical index of one catalog as plain data: built once, stored as bytes, read back at a fraction of the price."""

import json
import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.document import FIELDS, Document, document_of
from mcp_dynaload.ranking.terms import identifier_spellings, stemmer_version
from mcp_dynaload.ranking.words import STOPWORDS

SATURATION = 1.2
"""BM25's k1."""

MIN_SPELLING_LENGTH = 4
"""Letters of a word in a name that a misspelling may be corrected to."""

FORMAT = 3
"""To be raised with each change of this module, or of how documents are made, after which stored bytes are wrong."""

_MAGIC = b"mcp-dynaload index\n"
_LENGTHS = struct.Struct("<13Q")


@dataclass(frozen=True, slots=True)
class Rows:
    """The lists of numbers, one behind the other."""

    ends: "array[int]"
    values: "array[int]"

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> "array[int]":
        return self.values[self.span(number)]

    def span(self, number: int) -> slice:
        """Return the slice of the values at which one list stands."""
        return slice(self.ends[number - 1] if number else 0, self.ends[number])


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The ranking by words' knowledge of a catalog; tools and terms are numbered from 0."""

    terms: tuple[str, ...]
    spellings: tuple[str, ...]
    """The words in the names of tools and upstreams, lower-cased, not stemmed."""

    spelt: "array[int]"
    """The term of each spelling."""

    tools: Rows
    """The terms of each tool."""

    postings: Rows
    """The tools that have each term."""

    names: Rows
    """The terms of each tool's own name."""

    upstreams: Rows
    """The terms of the name of each tool's upstream."""

    impacts: "array[float]"
    """Field-weighted, saturated frequencies, BM25 without the rarity: beside the terms of the tools."""

    posted_impacts: "array[float]"
    """The same beside the tools of the terms."""

    def as_bytes(self) -> bytes:
        """Return the index to be stored."""
        rows = (self.tools, self.postings, self.names, self.upstreams)
        arrays = [self.spelt, *(part for row in rows for part in (row.ends, row.values))]
        chunks = [_joined(self.terms), _joined(self.spellings), *(part.tobytes() for part in arrays)]
        chunks += [self.impacts.tobytes(), self.posted_impacts.tobytes()]
        return b"".join((_MAGIC, _LENGTHS.pack(*map(len, chunks)), *chunks))


def index_recipe() -> str:
    """Return all that stored indexes depend on besides the catalog: under another recipe they have to be built anew."""
    machine = (sys.byteorder, array("I").itemsize)
    return json.dumps([FORMAT, machine, SATURATION, repr(FIELDS), stemmer_version(), sorted(STOPWORDS)])


class Documents:
    """The documents of tools, of which a change of the catalog leaves most as they were."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Tool, Document]] = {}

    def of(self, tools: Iterable[Tool]) -> list[Document]:
        """Return the document of each tool, made where the tool is another than the last time."""
        made: dict[str, tuple[Tool, Document]] = {}
        for tool in tools:
            known = self._known.get(tool.name)
            made[tool.name] = known if known is not None and known[0] is tool else (tool, document_of(tool))
        self._known = made
        return [document for _, document in made.values()]


def build_index(catalog: Catalog, known: Documents | None = None) -> Index:
    """Build the index of a catalog; `known` are the documents of the one before, and of this one from then on."""
    documents = (known or Documents()).of(catalog.tools)
    impacts = _impacts(documents)
    numbers: dict[str, int] = {}
    for document in impacts:
        for term in document:
            numbers.setdefault(term, len(numbers))
    posted: list[list[tuple[int, float]]] = [[] for _ in numbers]
    for tool, document in enumerate(impacts):
        for term, impact in document.items():
            posted[numbers[term]].append((tool, impact))
    spellings = _spellings(catalog.tools)
    return Index(
        terms=tuple(numbers),
        spellings=tuple(spellings),
        spelt=array("I", [numbers[term] for term in spellings.values()]),
        tools=_rows([numbers[term] for term in document] for document in impacts),
        postings=_rows([tool for tool, _ in entries] for entries in posted),
        names=_rows([numbers[term] for term in sorted(document.name)] for document in documents),
        upstreams=_rows([numbers[term] for term in sorted(document.upstream)] for document in documents),
        impacts=array("f", [impact for document in impacts for impact in document.values()]),
        posted_impacts=array("f", [impact for entries in posted for _, impact in entries]),
    )


def parse_index(data: bytes) -> Index:
    """Return the index that `Index.as_bytes` made bytes of.

    Raises:
        ValueError: These are no such bytes.
    """
    terms, spellings, *rest, impacts, posted = _chunks(data)
    spelt, *parts = (array("I", part) for part in rest)
    tools, postings, names, upstreams = (Rows(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))
    index = Index(
        terms=_split(terms),
        spellings=_split(spellings),
        spelt=spelt,
        tools=tools,
        postings=postings,
        names=names,
        upstreams=upstreams,
        impacts=array("f", impacts),
        posted_impacts=array("f", posted),
    )
    if not _is_sound(index):
        raise ValueError("the parts of the stored index do not fit together")
    return index


def _chunks(data: bytes) -> list[bytes]:
    start = len(_MAGIC) + _LENGTHS.size
    if len(data) < start or not data.startswith(_MAGIC):
        raise ValueError("this is not a stored index")
    ends = list(accumulate(_LENGTHS.unpack_from(data, len(_MAGIC)), initial=start))
    if ends[-1] != len(data):
        raise ValueError("the stored index is cut off")
    return [data[begin:end] for begin, end in pairwise(ends)]


def _is_sound(index: Index) -> bool:
    """Return whether no number in the index leads outside of it."""
    tools, terms = len(index.tools), len(index.terms)
    rows_of_terms = (index.tools, index.names, index.upstreams)
    return (
        all(_are_sound(rows, tools, terms) for rows in rows_of_terms)
        and _are_sound(index.postings, terms, tools)
        and len(index.impacts) == len(index.tools.values)
        and len(index.posted_impacts) == len(index.postings.values)
        and len(index.spelt) == len(index.spellings)
        and max(index.spelt, default=-1) < terms
    )


def _are_sound(rows: Rows, length: int, bound: int) -> bool:
    ends = rows.ends.tolist()
    return (
        len(ends) == length
        and ends == sorted(ends)
        and (ends[-1] if ends else 0) == len(rows.values)
        and max(rows.values, default=-1) < bound
    )


def _rows(lists: Iterable[Sequence[int]]) -> Rows:
    ends, values = array("I"), array("I")
    for numbers in lists:
        values.extend(numbers)
        ends.append(len(values))
    return Rows(ends, values)


def _spellings(tools: Iterable[Tool]) -> dict[str, str]:
    """Return the words long enough to be misspelt in the names of tools and upstreams, and the term of each."""
    names = sorted({name for tool in tools for name in (tool.original_name, tool.upstream)})
    return {
        spelling: term
        for name in names
        for spelling, term in identifier_spellings(name)
        if spelling.isalpha() and len(spelling) >= MIN_SPELLING_LENGTH
    }


def _impacts(documents: list[Document]) -> list[dict[str, float]]:
    """Return, for each document, its terms with their impacts."""
    lengths = [sum(len(document.fields[n]) for document in documents) for n in range(len(FIELDS))]
    averages = [max(1.0, length / max(1, len(documents))) for length in lengths]
    return [_impacts_of(document, averages) for document in documents]


def _impacts_of(document: Document, averages: list[float]) -> dict[str, float]:
    frequencies: dict[str, float] = {}
    for field, average, terms in zip(FIELDS, averages, document.fields, strict=True):
        gain = field.weight / (1 - field.length_slope + field.length_slope * len(terms) / average)
        for term in terms:
            frequencies[term] = frequencies.get(term, 0.0) + gain
    return {term: many * (SATURATION + 1) / (SATURATION + many) for term, many in frequencies.items()}


def _joined(texts: tuple[str, ...]) -> bytes:
    return "\n".join(texts).encode("utf-8", "surrogatepass")


def _split(data: bytes) -> tuple[str, ...]:
    return tuple(data.decode("utf-8", "surrogatepass").split("\n")) if data else ()
