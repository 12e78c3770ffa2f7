"""The command that logs the user in to a server."""

from mcp_dynaload.errors import LoginError, StoreError
from mcp_dynaload.logins.login import login_command
from mcp_dynaload.proxy.commands.command import Result, Words, done, refused, wrong
from mcp_dynaload.proxy.commands.layout import aligned, wrapped
from mcp_dynaload.proxy.session import Session


async def login(session: Session, words: Words) -> Result:
    """Open the page on which the user logs in to a server; the session goes on when that is done."""
    sign_ins = session.host.sign_ins
    if sign_ins is None:
        return refused(_nobodys(session))
    servers = list(sign_ins.configs)
    if not words:
        return _overview(session, servers)
    name = " ".join(words)
    if name not in servers:
        return wrong("server with a login", name, servers)
    try:
        page = await sign_ins.begin(name)
    except (LoginError, StoreError) as error:
        return refused(session.shared.masker.tokens(f"Not logged in to {name!r}: {error}."))
    if sign_ins.logins.pages is not None:
        return done(
            f"Log in to {name!r} on this page; it asks for your access token of this service:\n{page}",
            "The login is yours alone. The server's tools are taken up when you have logged in.",
        )
    return done(
        f"Log in to {name!r} on the page that opens now in your browser. Its tools are taken up when you have.",
        f"If no page opens, open this one on this machine:\n{page}",
        wrapped(f"Where there is no browser: `{login_command(name)} --no-browser` in a terminal."),
    )


def _nobodys(session: Session) -> str:
    if session.shared.user_logins is not None:
        return "A login is a user's own here: connect with an access token, and log in in that session."
    return "Logins are made by who runs this service, with `mcp-dynaload login` on its machine."


def _overview(session: Session, servers: list[str]) -> Result:
    if not servers:
        return done("No server here is reached over HTTP, so there is nothing to log in to.")
    wanted = session.pool.logins_needed
    rows = [(name, "wants a login" if name in wanted else "answers, or was not asked yet") for name in servers]
    return done("Name a server to log in to it.", aligned([("server", ""), *rows]))
