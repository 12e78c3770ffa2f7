"""Token counts come from the packed rank file, which is the original one."""

import base64
import hashlib
import inspect
import re
import subprocess
import sys

from tiktoken_ext import openai_public  # pyright: ignore[reportMissingTypeStubs]: tiktoken's plugin has none

from mcp_dynaload.encoder.tokenizer import PATTERN, count_tokens, read_ranks
from tests.waiting import HANG_SECONDS

ORIGINAL_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


def test_the_packed_ranks_are_the_file_that_tiktoken_pins():
    rebuilt = b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in read_ranks().items())

    assert hashlib.sha256(rebuilt).hexdigest() == ORIGINAL_SHA256
    assert ORIGINAL_SHA256 in inspect.getsource(openai_public.o200k_base)


def test_text_is_cut_as_tiktoken_defines_it():
    parts = re.findall(r'r"""(.+?)"""', inspect.getsource(openai_public.o200k_base))

    assert "|".join(parts) == PATTERN


def test_known_texts_have_their_known_counts():
    texts = ["", "hello world", "2 + 2 = 4", "antidisestablishmentarianism", "お誕生日おめでとう"]

    assert [count_tokens(text) for text in texts] == [0, 2, 7, 6, 8]


def test_special_tokens_and_broken_text_are_counted_as_text():
    assert count_tokens("<|endoftext|>") > 1
    assert count_tokens("\ud800") > 0


def test_tiktoken_is_not_imported_before_something_is_counted():
    code = "import sys, mcp_dynaload.encoder.tokenizer; sys.exit('tiktoken' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=HANG_SECONDS).returncode == 0
