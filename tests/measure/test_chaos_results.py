"""The odd results of `validate --chaos`: each would be refused by the client, and can be read behind us."""

from mcp_dynaload.catalog.results import FORMS, readable_result
from mcp_dynaload.measure.chaos.chaos_server import ODD_RESULTS
from mcp_dynaload.measure.chaos.clients import text_of

TEXT = "calm one"


def test_each_is_odd_and_its_text_is_read() -> None:
    for made in ODD_RESULTS:
        result = made(TEXT)

        assert not FORMS["tools/call"].fit([result]), result
        assert text_of({"result": readable_result("tools/call", result)[0]}) == (TEXT, False)
