"""Secrets that others follow, as tokens do."""

from mcp_dynaload.masking import MASK, Masker

FIRST, SECOND, THIRD = (f"{name}-token-of-a-login" for name in ("first", "second", "third"))


def test_a_secret_is_hidden_from_when_it_comes_up_until_the_one_after_the_next() -> None:
    masker = Masker()
    masker.learn_passing("far", [FIRST])
    masker.learn_passing("near", [SECOND])
    assert masker.known(f"{FIRST} {SECOND}") == f"{MASK} {MASK}"

    masker.learn_passing("far", [THIRD])
    masker.learn_passing("far", [THIRD])
    assert masker.known(f"{FIRST} {THIRD} {SECOND}") == f"{MASK} {MASK} {MASK}"

    masker.learn_passing("far", [])
    assert masker.known(f"{FIRST} {THIRD} {SECOND}") == f"{FIRST} {MASK} {MASK}"
