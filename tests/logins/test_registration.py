"""How we are known where a login is made."""

from mcp.shared.auth import OAuthMetadata
from pydantic import AnyHttpUrl

from mcp_dynaload.logins.discovery import AuthorizationServer
from mcp_dynaload.logins.login import RegisteredClient
from mcp_dynaload.logins.registration import registered
from mcp_dynaload.logins.web import Web

DOCUMENT = "https://we.example/client.json"
BACK = "http://localhost:1234/callback"


async def test_an_authorization_server_that_takes_documents_is_asked_to_register_nobody() -> None:
    metadata = OAuthMetadata(
        issuer=AnyHttpUrl("https://as.example/"),
        authorization_endpoint=AnyHttpUrl("https://as.example/authorize"),
        token_endpoint=AnyHttpUrl("https://as.example/token"),
        registration_endpoint=AnyHttpUrl("https://as.example/register"),
        client_id_metadata_document_supported=True,
    )
    server = AuthorizationServer(metadata, "https://far.example/mcp", None)

    client = await registered(Web("https://far.example/mcp"), server, BACK, DOCUMENT, "read")

    assert client == RegisteredClient(client_id=DOCUMENT, redirect_uri=BACK)
