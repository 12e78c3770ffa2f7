"""Halves of characters in what a child process is sent: as it reads them, and never without an answer."""

import json
from pathlib import Path

import anyio
import pytest

from tests.faults.scripted import config
from tests.upstream.sessions import pool_of, say


@pytest.mark.parametrize(("reads_no_halves", "heard"), [(True, "a� 🐍"), (False, "a\ud800 🐍")])
async def test_a_program_gets_halves_of_characters_if_it_reads_them_and_an_answer_comes_at_once(
    tmp_path: Path, heard: str, *, reads_no_halves: bool
) -> None:
    async with pool_of(tmp_path, config("odd", reads_no_halves=reads_no_halves)) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "odd", "echo", x="ordinary") == '{"x": "ordinary"}'
            for _ in range(2):
                assert json.loads(await say(pool, "odd", "echo", x="a\ud800 🐍")) == {"x": heard}
