"""The login that a refusal asks for."""

import pytest

from mcp_dynaload.errors import LoginDemand
from mcp_dynaload.logins.challenge import demand_in


@pytest.mark.parametrize(
    ("status", "challenge", "demand"),
    [
        (401, "", LoginDemand()),
        (401, "Bearer", LoginDemand()),
        (401, 'Basic realm="x", Bearer scope="a b"', LoginDemand(scope="a b")),
        (
            401,
            'Bearer error="invalid_token", resource_metadata="https://x.example/.well-known/a", scope=a',
            LoginDemand(scope="a", metadata_url="https://x.example/.well-known/a"),
        ),
        (401, 'bearer SCOPE = "a"', LoginDemand(scope="a")),
        (401, 'Bearer no_scope="a", my-scope="b"', LoginDemand()),
        (403, 'Bearer error="insufficient_scope", scope="c"', LoginDemand(scope="c", is_step_up=True)),
        (403, 'Bearer error="access_denied", scope="c"', None),
        (403, "", None),
        (404, 'Bearer error="insufficient_scope"', None),
        (200, 'Bearer scope="a"', None),
        (401, f'Bearer scope="{"x" * 9000}"', LoginDemand()),
    ],
)
def test_a_login_is_wanted_where_a_refusal_says_so(status: int, challenge: str, demand: LoginDemand | None) -> None:
    assert demand_in(status, challenge) == demand
