"""The cost of scanning calls, and how often it is wrong on texts that mean no harm.

`python -m mcp_dynaload.research.content_scan DIR` takes each text file below a folder as a result and as an argument.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter

from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.content_scan import orders_in, secrets_in

ENDINGS = frozenset((".md", ".txt", ".rst", ".html", ".json", ".csv", ".log", ".py", ".js", ".ts"))
MAX_FILES = 5_000
SIZES = (10_000, 1_000_000)
SECRETS = 40
"""Known secrets, each in some ten writings."""

Say = Callable[[str], object]


def report(folder: Path, say: Say) -> None:
    """Print the files in which something is found, how many there are, and the time for each size."""
    masker = Masker.of(f"known-secret-{number}-of-many" for number in range(SECRETS))
    texts = dict(islice(_texts(folder), MAX_FILES))
    kinds: Counter[str] = Counter()
    for name, text in texts.items():
        orders, secrets = orders_in(_result(text)), secrets_in(masker, text)
        kinds.update({"result": bool(orders), "arguments": bool(secrets)})
        if orders or secrets:
            say(f"{name}: {'; '.join((*orders, *secrets))}")
    say(f"{len(texts)} files: {kinds['result']} with orders or hidden text, {kinds['arguments']} with secrets")
    whole = "\n".join(texts.values()) or "nothing "
    for size in SIZES:
        text = (whole * (size // len(whole) + 1))[:size]
        as_result = _timed(lambda text=text: orders_in(_result(text)))
        as_arguments = _timed(lambda text=text: secrets_in(masker, text))
        say(f"{size:,} characters: {as_result:.1f} ms as a result, {as_arguments:.1f} ms as arguments")


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in ENDINGS and path.is_file():
            yield str(path.relative_to(folder)), path.read_text("utf-8", "replace")


def _result(text: str) -> dict[str, object]:
    return {"content": [{"type": "text", "text": text}]}


def _timed(work: Callable[[], object]) -> float:
    """Return the milliseconds of the second time: the first compiles patterns."""
    work()
    started = perf_counter()
    work()
    return 1000 * (perf_counter() - started)


def main(arguments: Sequence[str]) -> None:
    """Measure on a folder."""
    if len(arguments) != 1:
        sys.exit("name one folder: python -m mcp_dynaload.research.content_scan DIR")
    report(Path(arguments[0]), print)


if __name__ == "__main__":
    main(sys.argv[1:])
