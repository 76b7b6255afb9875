"""Mails within containers: winmail.dat, .msg, .eml sent as a file, S/MIME. Each is opened in its place.

What a signature only wraps is the mail itself; what is encrypted stays closed: the mail is held for that reason."""

from __future__ import annotations

import dataclasses as dc
import re

from qforms.intake import mime, msg, smime, tnef
from qforms.intake.mime import Leaf, Mail
from qforms.model import TRUNCATED, Problem

_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TEXTS = frozenset({"text/plain", "text/html"})
_ARMOR = b"-----BEGIN PGP "
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[\w-]+: .*\n)*\n(.*?)\n-----BEGIN PGP SIGNATURE-----\n"
    r".*?-----END PGP SIGNATURE-----\n?",
    re.S,
)
_MAIL_START = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_TRUNCATED = f"{TRUNCATED}: ".encode()
_DEPTH = 3


def parse(raw: bytes) -> Mail:
    """A mail taken apart, with the mails that lie in it as files opened. Also a .msg file or a winmail.dat as such."""
    if raw.startswith(_TRUNCATED):
        return _cut(mime.parse(raw[: raw.rfind(b"\n") + 1]))  # whole lines: base64 cut elsewhere is no base64
    alone = msg.read(raw) if raw[:8] == msg.MAGIC else tnef.read(raw) if raw[:4] == tnef.MAGIC else None
    return opened(alone if alone is not None else mime.parse(raw))


def _cut(mail: Mail) -> Mail:
    """A mail of which only the start was read: what stands last in it is not whole, and is left out. Where that is all
    that its sender wrote, its whole lines are kept: what is wanted stands at the top."""
    whole, last = mail.leaves[:-1], mail.leaves[-1:]
    if last and last[0].type == "text/plain" and not any(leaf.type in _TEXTS and leaf.data.strip() for leaf in whole):
        whole.append(dc.replace(last[0], data=last[0].data[: last[0].data.rfind(b"\n") + 1], broken=False))
    return dc.replace(mail, leaves=whole, nested={}, damaged=False)


def opened(mail: Mail, depth: int = 0) -> Mail:
    """The mail with its containers opened; the same one when there are none (nearly always)."""
    if depth >= _DEPTH or not any(_container(leaf) for leaf in mail.leaves):
        return mail
    made = dc.replace(mail, leaves=[], nested=dict(mail.nested))
    for leaf in mail.leaves:
        inner = _open(leaf) if _container(leaf) else None
        if inner is None:
            made.leaves.append(leaf)
        else:
            _graft(made, leaf, opened(inner, depth + 1))
    return made


def _container(leaf: Leaf) -> str:
    """What a leaf holds: "tnef", "msg", "eml", "smime"; "" for none of them."""
    start = leaf.data[:8]
    if start[:4] == tnef.MAGIC:
        return "tnef"
    if start == msg.MAGIC:
        outlook = leaf.type == "application/vnd.ms-outlook" or leaf.name.lower().endswith(".msg")
        return "msg" if outlook else ""
    if leaf.type in _PKCS7 or leaf.name.lower().endswith(".p7m"):
        return "smime"
    if leaf.type == "message/rfc822" or leaf.name.lower().endswith(".eml"):
        return "eml" if _MAIL_START.match(leaf.data[:4000].lstrip()) else ""
    return ""


def _open(leaf: Leaf) -> Mail | None:
    what = _container(leaf)
    if what == "tnef":
        return tnef.read(leaf.data)
    if what == "msg":
        return msg.read(leaf.data)
    if what == "smime":
        content = smime.signed_content(leaf.data)
        return mime.parse(content) if content else None
    return mime.parse(leaf.data.lstrip())


def _graft(mail: Mail, leaf: Leaf, inner: Mail) -> None:
    """Puts an opened mail in the place of its container. A wrapper's content is the mail itself; a file stays, too, and
    what is in it is a mail of its own, as message/rfc822 is."""
    what = _container(leaf)
    itself = what in ("tnef", "smime") and not leaf.nested
    if what in ("msg", "eml"):
        mail.leaves.append(leaf)
        mail.nested[f"{leaf.path}.1"] = inner.headers
    has_text = any(x.type in ("text/plain", "text/html") and not x.nested and x.data.strip() for x in mail.leaves)
    base = leaf.path if itself else f"{leaf.path}.1"
    for one in inner.leaves:
        is_text = one.type in ("text/plain", "text/html") and not one.name
        if what == "tnef" and is_text and has_text and not one.nested:
            continue  # the same words stand in the mail's own text
        mail.leaves.append(
            dc.replace(one, path=f"{base}.{one.path}", nested=one.nested or not itself,
                       choice=f"{base}.{one.choice}" if one.choice else "")
        )  # fmt: skip
    for path, head in inner.nested.items():
        mail.nested[f"{base}.{path}"] = head


# ---------------------------------------------------------------- signed and encrypted


def sealed(mail: Mail) -> Problem | None:
    """Why the mail can't be read: it is encrypted. None for any other."""
    for leaf in mail.leaves:
        if leaf.nested:
            continue
        if leaf.type == "application/pgp-encrypted":
            return Problem("mail_encrypted", context={"how": "PGP"})
        if leaf.type in _PKCS7 and smime.is_enveloped(leaf.data):
            return Problem("mail_encrypted", context={"how": "S/MIME"})
        if leaf.type == "text/plain" and not leaf.name and leaf.data[:200].lstrip().startswith(_ARMOR + b"MESSAGE"):
            return Problem("mail_encrypted", context={"how": "PGP"})
    return None


def without_armor(text: str) -> str:
    """The words of a text that is signed in itself (RFC 9580 7), without the signature around them."""
    if _ARMOR.decode() not in text:
        return text
    return _SIGNED.sub(lambda m: re.sub(r"(?m)^- ", "", m[1]) + "\n", text)
