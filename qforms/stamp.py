"""The stamp on every form that leaves us: which record, at which revision, and an HMAC that proves it is ours.

Format: `qf1.<form>.<number>.<revision>.<key id>.<mac>`; the mac is the first 20 hex digits of HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from qforms.model import Stamp

_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread on paper or over the telephone


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()[:20]


def make(form: str, number: str, revision: int, keys: Mapping[str, bytes]) -> str:
    """A stamp made with the newest key (the last of `keys`). `number` is "" on a blank form."""
    key_id = list(keys)[-1]
    body = f"qf1.{form}.{number}.{revision}.{key_id}"
    return f"{body}.{_mac(keys[key_id], body)}"


def read(text: str, keys: Mapping[str, bytes]) -> Stamp | None:
    """The stamp in `text`, or None if it is none; `genuine` is False when the mac or the key id is wrong."""
    parts = text.strip().split(".")
    if len(parts) != 6 or parts[0] != "qf1" or not parts[3].isdigit():
        return None
    _, form, number, revision, key_id, mac = parts
    body = ".".join(parts[:5])
    genuine = key_id in keys and hmac.compare_digest(mac, _mac(keys[key_id], body))
    return Stamp(form, number, int(revision), genuine)


def new_key() -> bytes:
    return secrets.token_bytes(32)


def code_for(key: bytes, letter_key: str) -> str:
    """The one-time code of a letter that asks for a decision: eight characters in two groups, the same for a retry."""
    digest = hmac.new(key, b"code:" + letter_key.encode(), hashlib.sha256).digest()
    letters = "".join(_CODE_ALPHABET[b % 32] for b in digest[:8])
    return f"{letters[:4]}-{letters[4:]}"


def secret(key: bytes, reference: str) -> str:
    """What a link to the state of a case bears beside its number or receipt: whoever knows it may look. 26 characters,
    130 bits."""
    digest = hmac.new(key, b"status:" + reference.encode(), hashlib.sha256).digest()
    return "".join(_CODE_ALPHABET[b % 32] for b in digest[:26]).lower()


def opens(keys: Mapping[str, bytes], reference: str, given: str) -> bool:
    """Whether a link's secret is right, made with any of the keys; takes as long when it is not."""
    asked = given.lower().encode("utf-8", "replace")
    same = [hmac.compare_digest(secret(key, reference).encode(), asked) for key in keys.values()]  # all of them
    return any(same)


def status_link(url: str, keys: Mapping[str, bytes], reference: str) -> str:
    """The address under which a customer sees the state of his case; "" without a page."""
    return f"{url.rstrip('/')}/s/{reference}/{secret(list(keys.values())[-1], reference)}" if url and keys else ""


def message_id(letter_key: str, domain: str) -> str:
    """A letter's Message-ID, from its key: a retry carries the same one (RFC 5322, 3.6.4)."""
    return f"<{hashlib.sha256(letter_key.encode()).hexdigest()[:40]}@{domain or 'qforms.invalid'}>"
