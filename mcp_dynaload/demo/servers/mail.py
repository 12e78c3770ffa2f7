"""Demo server: a local mailbox (Maildir). Nothing is ever sent over a network."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, get_args

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

Folder = Literal["Inbox", "Archive", "Sent", "Drafts"]
Mark = Literal["read", "unread", "flagged", "unflagged"]

_INSTRUCTIONS = """Mailbox of dana@parcelbird.example.
Messages are named by ids such as m4. Ask before sending: prefer create_draft when the person has not seen the text."""
_FOLDERS: tuple[Folder, ...] = get_args(Folder)
_ME = "dana@parcelbird.example"
_MARKS: dict[Mark, tuple[str, bool]] = {
    "read": ("S", True),
    "unread": ("S", False),
    "flagged": ("F", True),
    "unflagged": ("F", False),
}


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("mail", _Mailbox(ensure_part(workspace, "mailbox")), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message without its body."""

    id: str
    folder: Folder
    sender: str
    to: str
    subject: str
    date: str
    unread: bool
    flagged: bool
    attachments: list[str]


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message."""

    envelope: Envelope
    body: str


@dataclass(frozen=True, slots=True)
class _Stored:
    folder: Folder
    key: str
    flags: str
    content: EmailMessage


@dataclass(frozen=True, slots=True)
class _Mailbox:
    root: Path

    @tool("read")
    def list_folders(self) -> list[Json]:
        """List mail folders with their total and unread counts."""
        flags = {folder: [mail.flags for mail in self._in(folder)] for folder in _FOLDERS}
        return [
            {"folder": folder, "total": len(mails), "unread": sum("S" not in mail for mail in mails)}
            for folder, mails in flags.items()
        ]

    @tool("read")
    def list_messages(self, folder: Folder = "Inbox", unread_only: bool = False, limit: Limit = 25) -> list[Envelope]:
        """List the messages of a folder, newest first.

        Args:
            folder: Folder to list.
            unread_only: Leave out what has been read.
            limit: Maximum number of messages.
        """
        envelopes = sorted((_envelope(mail) for mail in self._in(folder)), key=lambda e: e.date, reverse=True)
        return [envelope for envelope in envelopes if envelope.unread or not unread_only][:limit]

    @tool("read")
    def read_message(self, message_id: str) -> Message:
        """Read one email with its full text. Does not mark it as read.

        Args:
            message_id: Id of the message.
        """
        mail = self._find(message_id)
        return Message(_envelope(mail), _body(mail.content))

    @tool("read")
    def search_mail(self, query: str, sender: str = "", folder: Folder | None = None) -> list[Envelope]:
        """Full-text search over subjects and bodies of all folders.

        Args:
            query: Text that must occur in the subject or the body; empty for all.
            sender: Part of the sender's address.
            folder: Only search here.
        """
        places: tuple[Folder, ...] = (folder,) if folder else _FOLDERS
        found = (mail for place in places for mail in self._in(place) if sender in str(mail.content["From"]))
        texts = ((mail, f"{mail.content['Subject']} {_body(mail.content)}") for mail in found)
        return [_envelope(mail) for mail, text in texts if query.casefold() in text.casefold()]

    @tool("read")
    def get_thread(self, message_id: str) -> list[Message]:
        """Get a whole conversation: all messages with the same subject (apart from Re: and Fwd:), oldest first.

        Args:
            message_id: Any message of the conversation.
        """
        subject = _topic(self._find(message_id).content)
        mails = (mail for place in _FOLDERS for mail in self._in(place) if _topic(mail.content) == subject)
        return sorted((Message(_envelope(mail), _body(mail.content)) for mail in mails), key=lambda m: m.envelope.date)

    @tool("read")
    def read_attachment(self, message_id: str, filename: str) -> str:
        """Open a text attachment of a message.

        Args:
            message_id: The message it is attached to.
            filename: Name of the attachment, as listed in the envelope.
        """
        for part in self._find(message_id).content.iter_attachments():
            if part.get_filename() == filename:
                return str(part.get_content())
        raise ToolFailedError(f"Message {message_id!r} has no attachment {filename!r}.")

    @tool("write")
    def send_message(self, to: list[str], subject: str, body: str) -> Envelope:
        """Send an email.

        Use this only when the person has approved recipients, subject and text; otherwise use create_draft. To answer a
        message use reply_to_message, which keeps the conversation together. Plain text only, no attachments.
        In this demo the message is filed in the Sent folder and never leaves the machine.

        Args:
            to: Recipients' addresses.
            subject: Subject line.
            body: Plain text.
        """
        return self._add("Sent", to, subject, body)

    @tool("write")
    def create_draft(self, to: list[str], subject: str, body: str) -> Envelope:
        """Save an email as a draft that the person can review and send.

        Args:
            to: Recipients' addresses.
            subject: Subject line.
            body: Plain text.
        """
        return self._add("Drafts", to, subject, body)

    @tool("write")
    def reply_to_message(self, message_id: str, body: str, quote: bool = True) -> Envelope:
        """Reply to the sender of a message, quoting it.

        Args:
            message_id: Message to answer.
            body: Text of the reply.
            quote: Append the original text with "> " in front of each line.
        """
        original = self._find(message_id).content
        quoted = "".join(f"\n> {line}" for line in _body(original).splitlines()) if quote else ""
        subject = str(original["Subject"])
        answer = subject if subject.startswith("Re: ") else f"Re: {subject}"
        return self._add("Sent", [str(original["From"])], answer, f"{body}\n{quoted}")

    @tool("write")
    def move_message(self, message_id: str, folder: Folder) -> Envelope:
        """Move a message to another folder, for example to the archive.

        Args:
            message_id: Message to move.
            folder: Where it goes.
        """
        mail = self._find(message_id)
        self._file(mail).rename(self.root / folder / "cur" / self._file(mail).name)
        return _envelope(self._find(message_id))

    @tool("write")
    def mark_message(self, message_id: str, mark: Mark) -> Envelope:
        """Mark a message as read, unread, flagged or unflagged.

        Args:
            message_id: Message to mark.
            mark: The mark to set.
        """
        mail = self._find(message_id)
        flag, is_set = _MARKS[mark]
        flags = "".join(sorted((set(mail.flags) - {flag}) | ({flag} if is_set else set[str]())))
        self._file(mail).rename(self._file(mail).with_name(f"{mail.key}!2,{flags}"))
        return _envelope(self._find(message_id))

    @tool("delete")
    def delete_message(self, message_id: str) -> str:
        """Permanently delete a message. There is no trash folder.

        Args:
            message_id: Message to delete.
        """
        mail = self._find(message_id)
        self._file(mail).unlink()
        return f"Deleted {mail.key}: {mail.content['Subject']}"

    def _in(self, folder: Folder) -> Iterator[_Stored]:
        for file in sorted((self.root / folder / "cur").iterdir()):
            content = message_from_bytes(file.read_bytes(), policy=policy.default)
            key, _, flags = file.name.partition("!2,")
            yield _Stored(folder, key, flags, content)

    def _find(self, message_id: str) -> _Stored:
        for folder in _FOLDERS:
            for mail in self._in(folder):
                if mail.key == message_id:
                    return mail
        raise ToolFailedError(f"There is no message {message_id!r}; list_messages shows the ids.")

    def _file(self, mail: _Stored) -> Path:
        return self.root / mail.folder / "cur" / f"{mail.key}!2,{mail.flags}"

    def _add(self, folder: Folder, to: list[str], subject: str, body: str) -> Envelope:
        wrong = [address for address in to if not re.fullmatch(r"[^@\s]+@[^@\s]+", address)]
        if wrong or not to:
            raise ToolFailedError(f"Not an email address: {', '.join(wrong) or 'no recipient given'}.")
        message = EmailMessage()
        headers = {"From": _ME, "To": ", ".join(to), "Subject": subject, "Date": format_datetime(datetime.now(UTC))}
        for name, value in headers.items():
            message[name] = value
        message.set_content(body)
        numbers = [int(mail.key[1:]) for place in _FOLDERS for mail in self._in(place)]
        key = f"m{max(numbers, default=0) + 1}"
        (self.root / folder / "cur" / f"{key}!2,S").write_bytes(bytes(message))
        return _envelope(self._find(key))


def _envelope(mail: _Stored) -> Envelope:
    content = mail.content
    names = [part.get_filename() or "unnamed" for part in content.iter_attachments()]
    date = datetime.strptime(str(content["Date"]), "%a, %d %b %Y %H:%M:%S %z").isoformat()
    sender, to, subject = (str(content[name]) for name in ("From", "To", "Subject"))
    return Envelope(mail.key, mail.folder, sender, to, subject, date, "S" not in mail.flags, "F" in mail.flags, names)


def _body(content: EmailMessage) -> str:
    part = content.get_body(("plain",))
    return str(part.get_content()).strip() if part else ""


def _topic(content: EmailMessage) -> str:
    return re.sub(r"^((re|fwd): )+", "", str(content["Subject"]), flags=re.IGNORECASE)
