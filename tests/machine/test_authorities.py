from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.machine.authorities import trusted_authorities

OWN = """\
-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUGVs8fmtmimfb6Mz+Ltjg5AzWhqowCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3duLWF1dGhvcml0eTAgFw0yNjExMjkyMTU3MDhaGA8yMTI2
MTEwNTIxNTcwOFowGDEWMBQGA1UEAwwNb3duLWF1dGhvcml0eTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABKD6qMvcgRzLRjSNTAEp3KpKe1nf8tWe65Bzj1zTz0tA
PhDtojdhX6FuUN4iSAcEHUfCx2hw2O4ryb4UcEfqeWOjUzBRMB0GA1UdDgQWBBRD
wSl0mWctMxPRCCR5Xxl+2WvfejAfBgNVHSMEGDAWgBRDwSl0mWctMxPRCCR5Xxl+
2WvfejAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDQF1qqp00j
eoO8wjYVZoCxdjaLui26Vi4gtRKHcFgc7AIgcD4QxbmIeEPGnNLX7ih+3k+shqjT
DydGiZffFmdeyG0=
-----END CERTIFICATE-----
"""
"""An authority that no system knows."""


def names(path: Path | None) -> list[object]:
    return [one["subject"] for one in trusted_authorities(path and str(path)).get_ca_certs()]


def test_the_authorities_of_the_clients_variable_are_trusted_beside_the_systems(tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    file.write_text(OWN)

    own = ((("commonName", "own-authority"),),)

    assert names(file).count(own) == 1
    assert own not in names(None)
    assert len(names(file)) == len(names(None)) + 1


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_that_cannot_be_read_is_logged_and_the_system_s_are_trusted(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "own.pem"
    if content is not None:
        file.write_text(content)

    with capture_logs() as logs:
        found = names(file)

    assert found == names(None)
    assert [log["event"] for log in logs] == ["authorities_not_read"]
