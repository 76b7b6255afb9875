"""Mails within containers, and archives: what lies in them is read as if it had been sent as it is."""

from __future__ import annotations

import io
import os
import stat
import sys
import textwrap
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_intake import NOW, PNG, NoOffice, delivered, mail, multi, outcomes, part, procedures, reading, world
from support_outlook import message, msg, tnef, tnef_with_message

from qforms.intake import archive, parts, read, smime, wrapped
from qforms.intake import msg as outlook_file
from qforms.intake import tnef as outlook_wrap
from qforms.office import unpack

JSON = b'{"form": "complaint", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C"}}'


def names(found) -> list[str]:
    return [p.name for p in found.parts if p.name]


# ---------------------------------------------------------------- winmail.dat


def winmail(data: bytes, text: str = "") -> bytes:
    return mail(multi("mixed", part(text), part(data, "application/ms-tnef", name="winmail.dat")))


@pytest.mark.parametrize("long_names", [True, False])
def test_the_files_in_winmail_dat_are_attachments(long_names):
    found = reading(winmail(tnef({"现场照片.png": PNG, "投诉.json": JSON}, long_names=long_names), "A65 无输出"))
    assert names(found) == ["现场照片.png", "投诉.json"] and not found.problems
    assert parts.evidence(found.parts)[0].data == PNG
    assert [f.values["lot_no"] for f in found.filled if f.how == "json"] == ["A65-2603C"]


def test_the_text_in_winmail_dat_counts_where_the_mail_has_none():
    data = tnef({}, "型号：YL-A65\n批号：A65-2603C\n电源无输出 9 台", "x")
    assert reading(winmail(data)).filled[-1].values["lot_no"] == "A65-2603C"
    assert reading(winmail(data, "另有说明")).text == "另有说明"


def test_a_message_within_winmail_dat_is_a_mail_of_its_own():
    inner = tnef({"a.png": PNG}, "电源冒烟", "电源问题")
    found = reading(winmail(tnef_with_message(inner), "请处理"))
    assert "电源冒烟" in found.text and found.forwarded["subject"] == "电源问题"
    assert [p.nested for p in found.parts if p.name == "a.png"] == [True]


@given(st.integers(0, 2000), st.binary(max_size=30))
def test_a_damaged_winmail_dat_never_raises(cut, noise):
    data = tnef({"照片.png": b"x" * 300}, "正文", "主题")
    at = cut % len(data)
    outlook_wrap.read(data[:at])
    outlook_wrap.read(data[:at] + noise + data[at + len(noise) :])


# ---------------------------------------------------------------- .msg and .eml


MSG = msg("批号：A65-2603C\n电源无输出 9 台", "电源问题", ("李工", "li@kehu.cn"), {"现场.png": PNG, "投诉.json": JSON})


def test_a_msg_file_is_a_mail_within_the_mail():
    found = reading(mail(multi("mixed", part("请立案"), part(MSG, "application/vnd.ms-outlook", name="客户来信.msg"))))
    assert names(found) == ["客户来信.msg", "现场.png", "投诉.json"]
    assert found.forwarded["from"] == '"李工" <li@kehu.cn>' and found.forwarded["date"].startswith("Tue, 05 May 2026")
    assert found.text.startswith("请立案") and "无输出 9 台" in found.text


def test_a_salesman_s_msg_names_the_customer():
    raw = mail(multi("mixed", part("请立案"), part(MSG, name="客户来信.msg")), "电源问题", "赵销售 <zhao@womai.cn>",
               more={"Authentication-Results": "mx.womai.cn; dmarc=pass header.from=womai.cn"})  # fmt: skip
    told = outcomes(reading(raw), world())[0]
    assert (told.form, told.values["customer"]) == ("complaint", "客户甲")


def test_a_msg_file_in_the_folder_is_the_mail_itself():
    found = reading(MSG, "folder", "来信.msg")
    assert (found.address, found.subject, found.sender_name) == ("li@kehu.cn", "电源问题", "李工")
    assert names(found) == ["现场.png", "投诉.json"]


def test_a_message_within_a_msg_file():
    inner = message("电源冒烟", "里面的信", ("王", "w@kehu.cn"), {"b.png": PNG}, head=24)
    data = msg("外面的信", "转", ("李工", "li@kehu.cn"), {}, [inner])
    found = reading(data, "folder", "a.msg")
    assert found.forwarded["subject"] == "里面的信" and "电源冒烟" in found.text and names(found) == ["b.png"]


@given(st.integers(0, 20_000), st.binary(max_size=30))
def test_a_damaged_msg_never_raises(cut, noise):
    at = cut % len(MSG)
    outlook_file.read(MSG[:at])
    outlook_file.read(MSG[:at] + noise + MSG[at + len(noise) :])


@pytest.mark.parametrize("label", ["application/octet-stream", "message/rfc822"])
def test_an_eml_sent_as_a_file_is_a_mail_within_the_mail(label):
    inner = mail(multi("mixed", part("电源冒烟"), part(PNG, "image/png", name="a.png")), "原信", "李工 <li@kehu.cn>")
    found = reading(mail(multi("mixed", part("请看附件"), part(inner, label, name="原信.eml"))))
    assert found.forwarded["subject"] == "原信" and "电源冒烟" in found.text
    assert names(found) == ["原信.eml", "a.png"]


def test_mails_within_mails_end():
    inner = mail(part("最里面"))
    for _ in range(12):
        inner = mail(multi("mixed", part("x"), part(inner, "application/octet-stream", name="a.eml")))
    assert len(wrapped.parse(inner).leaves) < 20


# ---------------------------------------------------------------- signed and encrypted


def _signer():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "li")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(365))
    return made.sign(key, hashes.SHA256()), key


def test_s_mime():
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    cert, key = _signer()
    inner = multi("mixed", part("批号：A65-2603C 无输出"), part(PNG, "image/png", name="a.png"))
    signed = pkcs7.PKCS7SignatureBuilder().set_data(inner).add_signer(cert, key, hashes.SHA256())
    opaque = signed.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    found = reading(mail(part(opaque, "application/pkcs7-mime; smime-type=signed-data", name="smime.p7m")))
    assert found.text == "批号：A65-2603C 无输出" and names(found) == ["a.png"] and found.held is None
    apart = multi('signed; protocol="application/pkcs7-signature"', inner,
                  part(opaque, "application/pkcs7-signature", name="smime.p7s"))  # fmt: skip
    found = reading(mail(apart))
    assert found.text == "批号：A65-2603C 无输出" and [p.name for p in parts.evidence(found.parts)] == ["a.png"]
    closed = pkcs7.PKCS7EnvelopeBuilder().set_data(inner).add_recipient(cert).encrypt(Encoding.DER, [])
    found = reading(mail(part(closed, "application/pkcs7-mime; smime-type=enveloped-data", name="smime.p7m")))
    assert found.held and (found.held.code, found.held.context["how"]) == ("mail_encrypted", "S/MIME")


@given(st.binary(max_size=200))
def test_der_is_taken_apart_whatever_it_is(data):
    smime.signed_content(data)
    smime.is_enveloped(data)
    smime.signed_content(bytes.fromhex("308006092a864886f70d010702a080") + data)


def test_pgp():
    words = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n批号：A65-2603C\n- - 无输出\n\n"
    words += "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n"
    assert reading(mail(part(words))).text == "批号：A65-2603C\n- 无输出"
    closed = multi('encrypted; protocol="application/pgp-encrypted"', part("Version: 1", "application/pgp-encrypted"),
                   part(b"-----BEGIN PGP MESSAGE-----", "application/octet-stream"))  # fmt: skip
    for raw in (mail(closed), mail(part("-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----"))):
        told = outcomes(reading(raw), world())
        assert [(o.state, o.reason.code) for o in told] == [("held", "mail_encrypted")]


# ---------------------------------------------------------------- archives


def test_a_zip_with_a_known_password():
    locked = _zip_crypto("a.txt", b"ok", b"2026")
    box = parts.make("1", locked, "a.zip", "")
    found, problems = archive.unpack([box], 1000)
    assert len(found) == 1 and [p.code for p in problems] == ["archive_encrypted"]
    found, problems = archive.unpack([box], 1000, ("falsch", "2026"))
    assert [p.data for p in found[1:]] == [b"ok"] and not problems


def test_a_zip_encrypted_with_aes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By pyzipper (extra `zip`); without it, or without the password, it stays closed with that reason."""
    import pyzipper

    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as made:
        made.setpassword("质量2026".encode())
        made.writestr("报告.txt", "电容漏液")
    given = [parts.make("2", out.getvalue(), "a.zip", "")]
    found, problems = archive.unpack(given, 1 << 20, ("falsch", "质量2026"))
    assert [(p.name, p.data.decode()) for p in found[1:]] == [("报告.txt", "电容漏液")] and not problems
    assert [p.code for p in archive.unpack(given, 1 << 20, ("falsch",))[1]] == ["archive_encrypted"]
    monkeypatch.setitem(sys.modules, "pyzipper", None)
    assert [p.code for p in archive.unpack(given, 1 << 20, ("质量2026",))[1]] == ["archive_encrypted"]


def _zip_crypto(name: str, data: bytes, password: bytes) -> bytes:
    """A zip in the old cipher of PKZIP (APPNOTE 6.1), which zipfile reads but does not write."""
    import struct
    import zlib

    keys = [305419896, 591751049, 878082192]

    def step(crc: int, byte: int) -> int:
        return (zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    crc, out = zlib.crc32(data), bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + data:
        mask = keys[2] | 2
        out.append(byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF))
        update(byte)
    fixed = struct.pack("<HHHHHIII", 20, 1, 0, 0, 33, crc, len(out), len(data))
    local = b"PK\3\4" + fixed + struct.pack("<HH", len(name), 0) + name.encode() + bytes(out)
    central = b"PK\1\2" + struct.pack("<H", 20) + fixed + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0)
    central += name.encode()
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


SEVEN = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40)


def program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bsdtar that does what `script` says, first on the path."""
    file = folder / "bsdtar"
    file.write_text(f"#!{sys.executable}\nimport io, sys, tarfile\n" + textwrap.dedent(script))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


TAR = """
    tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
    for name, data in {files}.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tar.addfile(link)
    tar.close()
"""


def test_7z_and_rar_are_opened_where_the_system_can(tmp_path, monkeypatch):
    program(tmp_path, TAR.format(files={"../投诉.json": JSON, "照片/a.png": PNG}), monkeypatch)
    found = reading(mail(multi("mixed", part("见附件"), part(SEVEN, name="资料.7z"))))
    assert names(found) == ["资料.7z", "投诉.json", "a.png"] and not found.problems
    assert [f.values["lot_no"] for f in found.filled if f.how == "json"] == ["A65-2603C"]


HUGE = TAR.format(files={"a": b"x" * 1000}).replace("data)", "data * 20_000)")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (HUGE, "archive_too_large"),
        ("import time; time.sleep(30)", "archive_unopened"),
        ("sys.exit(1)", "archive_unopened"),
        ("print('garbage')", "archive_unopened"),
    ],
    ids=["too large", "too slow", "no such format", "garbage"],
)
def test_what_a_program_makes_of_an_archive_is_bounded(tmp_path, monkeypatch, script, code):
    program(tmp_path, script, monkeypatch)
    found, problems = archive.unpack([parts.make("1", SEVEN, "a.7z", "")], 1_000_000, seconds=0.8)
    assert len(found) == 1 and [p.code for p in problems] == [code]


def test_without_a_program_7z_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(unpack, "bsdtar", lambda: None)
    found = reading(mail(multi("mixed", part("见附件"), part(SEVEN, name="资料.7z"))))
    assert names(found) == ["资料.7z"] and [p.code for p in found.problems] == ["archive_unopened"]


def test_archives_are_opened_two_levels_deep_only():
    data = JSON
    for name in ("c.json", "b.zip", "a.zip", "0.zip"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            made.writestr(name, data)
        data = out.getvalue()
    found, problems = archive.unpack([parts.make("1", data, "x.zip", "")], 1_000_000)
    assert [p.name for p in found] == ["x.zip", "0.zip", "a.zip"] and [p.code for p in problems] == ["archive_unopened"]


def test_known_passwords_come_from_the_procedures():
    data = _zip_crypto("a.json", JSON, "密码".encode("gb18030"))
    ready = replace(procedures(), passwords=("密码",))
    found = read(delivered(mail(multi("mixed", part("x"), part(data, name="a.zip")))), ready, NoOffice(), NOW)
    assert [f.how for f in found.filled] == ["json"] and not found.problems
