"""The short way through a mail and the long one say the same: of every golden mail, of mails of our own kind, and of
what is left of them when bytes are lost, doubled, exchanged or moved. What is odd takes the long way."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qforms.intake import mime
from tests.benchmarks.mails import mails

GOLDEN = sorted((Path(__file__).parents[1] / "golden_mails").glob("*.eml"))
MUTATIONS = 1500
PIECES = (
    b"\r\n", b"\n", b"\r", b"\n\n", b" ", b"\t", b";", b'"', b"--", b"=", b"=\n", b"=?utf-8?B?", b"\x00", b"\xff", b":",
    b"Content-Type: text/html\n", b"Content-Transfer-Encoding: base64\n", b"; name*0*=utf-8''a", b"charset=",
)  # fmt: skip


def ours() -> list[bytes]:
    return [mail.raw for mail in mails(6, b"", datetime(2026, 5, 6, 6, tzinfo=UTC), every=0)]


def seen(mail: mime.Mail) -> Any:
    return mail.headers, [
        (x.path, x.type, x.charset, x.name, x.disposition, x.cid, x.choice, x.data) for x in mail.leaves
    ]


def differing(raw: bytes) -> bool:
    short = mime.parse(raw)
    return short.strict and seen(short) != seen(mime.tolerant(raw))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_golden_mails(file: Path) -> None:
    assert not differing(file.read_bytes())


def test_mails_of_our_own_kind_take_the_short_way() -> None:
    for raw in ours():
        assert mime.parse(raw).strict
        assert not differing(raw)


def test_what_is_left_of_them() -> None:
    rng = random.Random(19)
    given = [*ours(), *(file.read_bytes() for file in GOLDEN)]
    taken = 0
    for _ in range(MUTATIONS):
        raw = mutated(rng.choice(given), rng)
        assert not differing(raw), raw
        taken += mime.parse(raw).strict
    assert taken > MUTATIONS // 10  # else nothing was compared


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """One to three changes, most of them where the structure is: in headers and at boundaries."""
    for _ in range(rng.randrange(1, 4)):
        marks = [at for at in range(len(raw) - 1) if raw[at : at + 1] in b"\n;=-"] or [0]
        at = rng.choice(marks) + rng.randrange(0, 3)
        end = at + rng.choice((0, 1, 2, 10, 80))
        piece = rng.choice((b"", rng.choice(PIECES), raw[at:end] * 2, raw[end : end + 40]))
        raw = raw[:at] + piece + raw[end:]
    return raw
