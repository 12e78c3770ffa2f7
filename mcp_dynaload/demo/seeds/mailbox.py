"""Dana's mailbox: a Maildir with a few conversations."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

_FOLDERS = ("Inbox", "Archive", "Sent", "Drafts")

_FIRST = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
_INVOICE = "Invoice 2026-118\nAmount: 1290.00 EUR\nDue: 2026-03-20\n"
_MESSAGES = """
Inbox|S|milo|Rounding of totals|14 orders are off by a cent. I have a branch, fix/rounding. Can you review it today?
Inbox||yuki|Re: Rounding of totals|I can review. Please round per line, as agreed.
Inbox||billing|Your invoice for February|Please find the invoice attached.
Inbox|F|ops|Payments incident on Wednesday|The broker refused connections from 14:00 to 14:42. Review: Thursday at 11.
Inbox|S|newsletter|Spring offers|20 percent off bird houses. Unsubscribe any time.
Archive|S|sales|Demo for customers|Can we show express checkout on Friday?
Sent|S|dana|Re: Demo for customers|Yes, behind the flag.
"""
"""folder|flags|sender|subject|body, one message a line."""


def write(folder: Path) -> None:
    """Write every message into its Maildir folder."""
    for name in _FOLDERS:
        for sub in ("cur", "new", "tmp"):
            (folder / name / sub).mkdir(parents=True)
    for number, line in enumerate(_MESSAGES.strip().splitlines(), start=1):
        place, flags, sender, subject, body = line.split("|")
        message = EmailMessage()
        message["From"] = f"{sender}@parcelbird.example"
        message["To"] = "dana@parcelbird.example"
        message["Subject"] = subject
        message["Date"] = format_datetime(_FIRST + timedelta(hours=5 * number))
        message["Message-ID"] = f"<{number}@parcelbird.example>"
        message.set_content(body)
        if sender == "billing":
            message.add_attachment(_INVOICE, filename="invoice-2026-118.txt")
            message.set_boundary("parcelbird")
        (folder / place / "cur" / f"m{number}!2,{flags}").write_bytes(bytes(message))
