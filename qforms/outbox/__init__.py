"""Letters on their way out: built as MIME, checked against their audience, handed to SMTP or the embedded Maildir.

An order of sending: `post.next_step` says whether a letter goes now, `guard.allowed` whether it may, `mime.build`
makes the bytes (once; a retry sends the same), a `model.Transport` hands them over, `post.after` says what became of
the letter."""

from __future__ import annotations

from qforms.model import Transport
from qforms.settings import Settings


def transport(settings: Settings) -> Transport:
    """The outgoing side that the settings name; it is not opened before the first letter."""
    from qforms.outbox.maildir import MaildirTransport
    from qforms.outbox.smtp import SmtpTransport

    return SmtpTransport(settings) if settings.outgoing.kind == "smtp" else MaildirTransport(settings)
