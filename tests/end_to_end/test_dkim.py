"""Signatures that the program checks itself: `trust.dkim`, with a DNS of the test's own."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest
from support_endtoend import NOW, Workspace, mail

from qforms import house, signatures
from qforms.commands import checks
from qforms.intake.trust import aligned
from qforms.model import Delivery

SELECTOR = b"s1"


def test_without_the_package_the_operator_is_told_and_nobody_is_proven(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    raw = b"DKIM-Signature: v=1; d=qiyuan.example\r\n" + mail().replace(b"\n", b"\r\n")
    with pytest.raises(signatures.NoDkim, match=r"qforms\[dkim\]"):
        signatures.signed_by(raw)
    ws.set("trust", dkim=True, authserv_id="mx.company.example")
    with house.opened(ws.root) as h:
        [taken] = h.handle([Delivery("maildir", "1", NOW, raw, digest="1" * 64)], NOW)
    assert taken.outcome in ("accepted", "partial") and ws.logged("dkim")


def test_doctor_says_what_is_missing(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.set("mailbox", kind="imap", host="127.0.0.1", port=1, user="u@company.example")
    ws.set("trust", dkim=True)
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    found = {f.what: f for f in checks._trust(house.settings.load(ws.root))}
    assert not found["DKIM"].ok and found["发件人验证 127.0.0.1"].ok


def test_a_mail_without_a_signature_asks_nobody() -> None:
    assert signatures.signed_by(mail(), lambda name: pytest.fail(name)) == ()


@pytest.mark.parametrize(
    ("mine", "signer", "same"),
    [("qiyuan.example", "qiyuan.example", True), ("mail.qiyuan.example", "qiyuan.example", True),
     ("qiyuan.example", "evil.example", False), ("qiyuan.example", "xqiyuan.example", False),
     ("qiyuan.example", "example", False)],
)  # fmt: skip
def test_whose_signature_counts(mine: str, signer: str, same: bool) -> None:
    assert aligned(mine, signer) is same


if find_spec("dkim"):  # what only the library itself can show
    import base64
    from collections.abc import Callable

    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    _KEY = rsa.generate_private_key(65537, 1024)
    _PRIVATE = _KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    _PUBLIC = base64.b64encode(
        _KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    def txt_of(name: str) -> bytes | None:
        return b"v=DKIM1; k=rsa; p=" + _PUBLIC if name.startswith("s1._domainkey.") else None

    def signed(raw: bytes, domain: str = "qiyuan.example", **more: object) -> bytes:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return bytes(dkim.sign(raw, SELECTOR, domain.encode(), _PRIVATE, **more)) + raw

    def test_a_right_signature_proves_its_domain() -> None:
        raw = signed(signed(mail()), "mailer.example")
        assert signatures.signed_by(raw, txt_of) == ("mailer.example", "qiyuan.example")

    @pytest.mark.parametrize(
        "change",
        [
            lambda raw: raw.replace(b"To: quality@", b"To: qualita@", 1),
            lambda raw: raw.replace(b"From: ", b"From: Boss <boss@company.example>\r\nFrom: ", 1),
            lambda raw: raw + b"more",
            lambda raw: raw.replace(b"d=qiyuan.example", b"d=other.example"),
            lambda raw: raw.replace(b"s=s1", b"s=s2"),
            lambda raw: raw.replace(b"b=", b"b=Zm9v", 1),
            lambda raw: raw.replace(b"v=1;", b"v=1; l=10;", 1),
        ],
        ids=["header", "second From", "body", "domain", "selector", "signature", "part of the body"],
    )
    def test_what_was_changed_proves_nothing(change: Callable[[bytes], bytes]) -> None:
        assert signatures.signed_by(change(signed(mail())), txt_of) == ()

    def test_a_signature_over_a_part_of_the_body_proves_nothing() -> None:
        assert signatures.signed_by(signed(mail(), length=True), txt_of) == ()

    def test_a_proven_return_is_taken_in_and_an_unsigned_one_waits(ws: Workspace) -> None:
        ws.set("trust", dkim=True, authserv_id="mx.company.example")
        bare = mail(sender="engineering@company.example")
        with house.opened(ws.root) as h:
            h.desk.txt_of = txt_of
            read = [
                h.desk._read(Delivery("maildir", "1", NOW, raw, digest="1" * 64), NOW)
                for raw in (bare, signed(bare), signed(bare, "company.example"))
            ]
        assert [r.authenticated for r in read] == [False, False, True]
        assert [r.dkim_domains for r in read] == [(), ("qiyuan.example",), ("company.example",)]
