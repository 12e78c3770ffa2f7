"""The packed models and their run time: texts in, unit vectors out, in this process and without network."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from mcp_dynaload.encoder.word_pieces import WordPieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH = 384
"""The dimensions of a vector."""

MAX_TOKENS = 128
"""The tokens read of a text, start and end mark included; the model knows no further positions."""

THREADS = 2
"""Texts read at the same time, each by one thread: two threads on one short text wait for each other more than they
help."""

KEPT_TEXTS = 64
"""Texts of late whose vectors are kept: those of a prompt and its clauses, which stand in each of its readings."""

SEVERITY_ERROR = 3

Found = TypeVar("Found")

_READING = Lock()
"""Held while the models are read: who comes second waits for them, and does not read them again."""

VERSION = "5455b1ac90bfe86b"
"""The beginning of the SHA-256 of model, weights and vocabulary: vectors of another version mean something else."""


class Encoder:
    """The models in memory; read them with `read_encoder`."""

    version = VERSION

    def __init__(self, session: "_InferenceSession", judge: "_InferenceSession", pieces: WordPieces) -> None:
        self._session, self._judge, self._pieces = session, judge, pieces
        # Both start their threads when they first have something to do; a prompt never waits behind the texts of tools.
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="encoder")
        self._prompts = ThreadPoolExecutor(max(THREADS, os.cpu_count() or 1), thread_name_prefix="encoder-prompts")
        self._judged = _TextsOfLate(self._begin_to_judge)
        self._read = _TextsOfLate(self._begin_to_read)

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return a unit vector for each text, as rows; what is beyond `MAX_TOKENS` of a text is not read."""
        import numpy as np  # heavy, and imported by onnxruntime anyway

        vectors = np.empty((len(texts), WIDTH), np.float32)
        # The longest first, so that no thread is left with a long one at the end.
        rows = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        for row, vector in zip(rows, self._pool.map(self._vector, [texts[row] for row in rows]), strict=True):
            vectors[row] = vector
        return vectors

    def begin(self, texts: Sequence[str]) -> None:
        """Begin to read what `read` and, of the first, `need` will be asked for: the model runs beside Python."""
        self._judged.begin(texts[0])
        for text in texts[1:]:
            self._read.begin(text)

    def read(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of the texts of a prompt; those of late are not read again."""
        import numpy as np

        first = self._judged.begin(texts[0]).vector
        others = [self._read.begin(text).vector for text in texts[1:]]
        return np.stack([vector.result() for vector in (first, *others)])

    def need(self, text: str) -> float:
        """Return the log-odds that a text asks for a tool of any kind; the judge goes on while its vector is used."""
        return self._judged.begin(text).end.result()

    def _vector(self, text: str) -> "NDArray[np.float32]":
        """Return one text's vector.

        int8 rounding depends on everything in a batch, and a cached vector must not depend on others.
        """
        vector, _ = self._run(text)
        return vector[0]

    def _begin_to_read(self, text: str) -> "_BegunText[NDArray[np.float32]]":
        vector = self._prompts.submit(self._vector, text)
        return _BegunText(vector, vector)

    def _begin_to_judge(self, text: str) -> "_BegunText[float]":
        vector: Future[NDArray[np.float32]] = Future()
        return _BegunText(vector, self._prompts.submit(self._judge_now, text, vector))

    def _judge_now(self, text: str, told: "Future[NDArray[np.float32]]") -> float:
        try:
            vector, hidden = self._run(text)
        except BaseException as error:  # whoever waits for the vector would wait for ever
            told.set_exception(error)
            raise
        told.set_result(vector[0])
        (need,) = self._judge.run(None, {"hidden": hidden})
        return float(need[0, 0])

    def _run(self, text: str) -> "list[NDArray[np.float32]]":
        import numpy as np

        return self._session.run(None, {"ids": np.array([self._pieces.numbers(text, MAX_TOKENS)], np.int64)})


@dataclass(frozen=True, slots=True)
class _BegunText(Generic[Found]):
    """A text that is read in a thread."""

    vector: "Future[NDArray[np.float32]]"
    end: Future[Found]
    """The last that is found about it."""


class _TextsOfLate(Generic[Found]):
    """Texts that are read or were of late."""

    def __init__(self, start: Callable[[str], _BegunText[Found]]) -> None:
        self._start = start
        self._lock = Lock()
        self._known: dict[str, _BegunText[Found]] = {}
        """In order of last use."""

    def begin(self, text: str) -> _BegunText[Found]:
        """Begin with a text, unless it is known or begun; what failed is tried again."""
        with self._lock:
            known = self._known.pop(text, None)
            if known is None or (known.end.done() and known.end.exception() is not None):
                known = self._start(text)
            self._known[text] = known
            while len(self._known) > KEPT_TEXTS:
                del self._known[next(iter(self._known))]
            return known


class _InferenceSession(Protocol):
    """The part of onnxruntime's session that is used: it comes without type information."""

    def run(
        self, outputs: None, inputs: "Mapping[str, NDArray[np.int64] | NDArray[np.float32]]"
    ) -> "list[NDArray[np.float32]]": ...


def read_encoder() -> Encoder:
    """Return the encoder that travels in the package; all of a process share its models."""
    return Encoder(*read_models())


def read_models() -> "tuple[_InferenceSession, _InferenceSession, WordPieces]":
    """Read the encoder, its judge and its vocabulary, once; takes a third of a second of a core and about 70 MB."""
    with _READING:
        return _kept_models()


@cache
def _kept_models() -> "tuple[_InferenceSession, _InferenceSession, WordPieces]":
    return open_models()


def open_models() -> "tuple[_InferenceSession, _InferenceSession, WordPieces]":
    """Read the same anew."""
    with as_file(files("mcp_dynaload").joinpath("encoder/model")) as folder:
        pieces = WordPieces((folder / "vocabulary.txt").read_text("utf-8"))
        return _open_session(str(folder / "model.onnx")), _open_session(str(folder / "need.onnx")), pieces


def _import_runtime() -> Any:
    """Import onnxruntime with its telemetry off: it reads the variable when it is loaded, not later."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]: heavy, and not needed before the first ranking

    return cast(Any, onnxruntime)


def _open_session(path: str) -> _InferenceSession:
    runtime = _import_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    options.log_severity_level = SEVERITY_ERROR
    # The graph is written in its final form, and an arena would keep the largest text's buffers for good.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
