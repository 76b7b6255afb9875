# ruff: noqa: E501 (mails and answers as they arrive, one to a line)
"""Taking mails apart: whatever the bytes, nothing raises and nothing is lost."""

from __future__ import annotations

import base64
import email.message
import hashlib
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support_intake import LOGO, PNG, mail, multi, part, reading, word, zipped

from qforms.intake import archive, charset, filekind, headers, mime, parts

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


# ---------------------------------------------------------------- charsets and headers


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "朱镕基喆㐀"),
        ("GBK", "gb18030", "適配器𠀀"),
        ("gb_2312-80", "gb18030", "批号"),
        ("", "gb18030", "没有标明字符集"),
        ("", "utf-8", "没有标明字符集"),
        ("utf-8", "gb18030", "标错为 utf-8 的国标码"),
        ("iso-8859-1", "utf-8", "标错的批号"),
        ("x-unknown", "utf-8", "不认识的字符集"),
        ("unicode_escape", "utf-8", "不是字符集"),
        ("us-ascii", "gb18030", "其实不是"),
        ("iso-2022-jp", "iso2022_jp", "不良品の報告"),
        ("", "iso2022_jp", "不良品の報告"),
        ("big5", "big5", "電源供應器"),
        ("utf-16", "utf-16", "批号"),
        ("", "cp1252", "Réclamation: défaut d'alimentation"),
        ("", "cp1252", "Größe: 5 Stück – Über die Störung"),
        ("utf-8", "cp1252", "señal de avería"),
        ("", "gb18030", "A65 镕"),
    ],
)
def test_text_is_read_whatever_the_label_says(label, codec, text):
    assert charset.decode(text.encode(codec), label) == (text, False)


@given(st.text(st.characters(codec="gb2312"), min_size=1, max_size=30))
def test_chinese_without_a_label_is_never_taken_for_latin(text):
    assert not charset.is_latin(("无" + text).encode("gb18030"))


def test_what_cannot_be_read_is_said():
    text, lost = charset.decode(b"\xff\xff\xfe\x81\x30ok", "utf-8")
    assert lost and "ok" in text


@given(st.binary(max_size=200), st.text(max_size=20))
def test_decoding_never_raises(data, label):
    text, _ = charset.decode(data, label)
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (word("投诉：无输出"), "投诉：无输出"),
        (word("投诉", "gb2312", "Q"), "投诉"),
        (f"{word('电源')} {word('适配器')}", "电源适配器"),
        (f"{word('电源')}\r\n {word('适配器')}", "电源适配器"),
        (f"Re: {word('投诉')} YL-A65", "Re: 投诉 YL-A65"),
        (f"回复{word('投诉')}", "回复投诉"),
        ("=?utf-8?B?5oqV?=", "投"),
        ("=?utf-8?Q?a b?= c", "a b c"),
        ("=?broken", "=?broken"),
        ("=?utf-8?B?????=", "=?utf-8?B?????="),
        ("=?x-nothing?B?5oqV6K+J?=", "投诉"),
    ],
)
def test_headers_as_programs_write_them(header, text):
    assert headers.decode(header) == (text, False)


def test_an_encoded_word_that_is_cut_off_gives_what_is_left_and_says_so():
    text, lost = headers.decode("=?gb2312?B?xPq6w6O=?=")
    assert text.startswith("您好") and lost


def test_a_character_split_over_two_encoded_words():
    data = "适".encode()
    one, two = (base64.b64encode(d).decode() for d in (data[:2], data[2:]))
    assert headers.decode(f"=?utf-8?B?{one}?= =?utf-8?B?{two}?=") == ("适", False)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_raw_8bit_headers(codec):
    raw = mail(part("x"), subject="S").replace(b"Subject: S", b"Subject: " + "投诉：电源".encode(codec))
    assert reading(raw).subject == "投诉：电源"


@given(TEXT, st.sampled_from(["utf-8", "gb18030"]), st.sampled_from("BQ"))
def test_encoded_words_come_back(text, codec, coding):
    assert headers.decode(word(text, codec, coding)) == (text.strip(), False)


@given(st.text(max_size=200))
def test_headers_never_raise(value):
    headers.decode(value)
    headers.parameters(value)
    headers.addresses([value])
    headers.ids(value)
    headers.date(value)


def test_rfc_2231_names():
    value = "attachment; filename*0*=utf-8''%E6%8A%95%E8%AF%89; filename*1*=%E8%A1%A8; filename*2=.xlsx"
    assert headers.parameters(value)[1]["filename"] == "投诉表.xlsx"
    assert headers.parameters("attachment; filename*=gb2312'zh'%CD%B6%CB%DF.xls")[1]["filename"] == "投诉.xls"


def test_addresses():
    found = headers.addresses([f"{word('王 经理')} <Wang@KEHU.cn>, 坏地址, li@kehu.cn"])
    assert found == [("王 经理", "wang@kehu.cn"), ("", "li@kehu.cn")]


# ---------------------------------------------------------------- structure


def leaves(raw):
    return [(leaf.type, leaf.name, leaf.data) for leaf in mime.parse(raw).leaves]


MAILS = {
    "plain": mail(part("你好")),
    "8bit": mail(part("你好", encoding="8bit")),
    "attachment": mail(multi("mixed", part("见附件"), part(PNG, "image/png", name="照片.png"))),
    "related": mail(
        multi("related", multi("alternative", part("x"), part("<p>x", "text/html")), part(LOGO, "image/png", cid="a"))
    ),
    "empty": mail(b"\r\n"),
}


@pytest.mark.parametrize("name", MAILS)
def test_strict_and_tolerant_agree(name):
    strict, tolerant = mime.parse(MAILS[name]), mime.tolerant(MAILS[name])
    assert strict.strict and not tolerant.strict
    assert [(x.path, x.type, x.name, x.data, x.choice) for x in strict.leaves] == [
        (x.path, x.type, x.name, x.data, x.choice) for x in tolerant.leaves
    ]


@pytest.mark.parametrize("name", MAILS)
def test_line_ends_make_no_difference(name):
    raw = MAILS[name]
    assert [x[:2] for x in leaves(raw)] == [x[:2] for x in leaves(raw.replace(b"\r\n", b"\n"))]


@given(st.binary(max_size=2000))
@example(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\n--a--")
@example(b'Content-Type: text/plain; charset="a\0b"\n\n\xff')
@example(b"Content-Transfer-Encoding: base64\n\n====")
@settings(max_examples=300, deadline=None)
def test_any_bytes_can_be_taken_apart(data):
    found = mime.parse(data)
    assert found.leaves
    if found.damaged:
        assert found.leaves[0].data == data


@given(st.lists(st.sampled_from([
    b"Content-Type: multipart/mixed; boundary=a\n", b"Content-Type: text/html; charset=gbk\n", b"\n", b"--a\n", b"--a--\n",
    b"Content-Type: message/rfc822\n", b"Subject: =?gb2312?B?xPo=?=\n", b"Content-Transfer-Encoding: base64\n", b"\xb0\xb4\n",
    b"Content-Type: message/delivery-status\n", b"text\n", b"Content-Disposition: attachment; filename=../x\n", b"From: a@b.cn\n",
]), max_size=30))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_reading_anything_mail_like_never_raises(lines):
    found = reading(b"".join(lines))
    assert found.key and (found.held or found.kind)


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5))
@settings(deadline=None)
def test_every_attachment_comes_back_byte_for_byte(files):
    pieces = [part(data, "application/octet-stream", name=f"{n}.bin") for n, data in enumerate(files)]
    found = reading(mail(multi("mixed", part("x"), *pieces)))
    assert [p.data for p in found.parts if p.name] == files
    assert all(p.digest == hashlib.sha256(p.data).hexdigest() for p in found.parts)


def test_deep_nesting_is_kept_whole():
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n"
    deep = raw + b"".join(b"--a%d\nContent-Type: multipart/mixed; boundary=a%d\n\n" % (n, n + 1) for n in range(1200))
    found = mime.parse(deep)
    assert found.leaves
    assert reading(deep).key


def test_a_large_mail_is_not_copied_many_times():
    data = bytes(range(256)) * 40_000  # 10 MB
    raw = mail(multi("mixed", part("x"), part(data, "application/octet-stream", name="a.bin")))
    tracemalloc.start()
    try:
        found = mime.parse(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.strict and found.leaves[1].data == data
    assert peak < 1.2 * len(data)


def test_an_enclosed_mail_is_kept_apart():
    inner = mail(
        multi("mixed", part("内层正文"), part(PNG, "image/png", name="b.png")),
        subject="原来的主题",
        sender="li@kehu.cn",
    )
    raw = mail(multi("mixed", part("请处理"), b"Content-Type: message/rfc822\r\n\r\n" + inner), subject="转发")
    found = reading(raw)
    assert {p.nested for p in found.parts if p.name == "b.png"} == {True}
    assert not found.parts[0].nested
    assert found.forwarded["subject"] == "原来的主题" and "li@kehu.cn" in found.forwarded["from"]
    assert "内层正文" in found.text and "请处理" in found.text


def test_broken_base64_is_kept():
    raw = mail(b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!nothing!!!")
    assert any(p.name == "a.png" and p.data for p in reading(raw).parts)


def test_a_named_text_body_is_still_the_text():
    raw = mail(part("电源冒烟", name="body.txt", disposition="inline"))
    assert reading(raw).text == "电源冒烟"


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize(
    ("given_", "safe"),
    [
        ("..\\..\\etc\\passwd", "passwd"),
        ("../../x.xlsx", "x.xlsx"),
        ("投诉\u202exslx.exe", "投诉xslx.exe"),
        ("con.txt", "_con.txt"),
        ('a<b>:"c|?*.xlsx', "abc.xlsx"),
        ("", "part-2.png"),
        ("...", "part-2.png"),
        ("长" * 300 + ".xlsx", "长" * 115 + ".xlsx"),
    ],
)
def test_names_are_safe(given_, safe):
    assert parts.safe_name(given_, "image/png", "2") == safe


@given(st.text(max_size=300))
def test_every_name_is_a_name(name):
    safe = parts.safe_name(name, "image/png", "1")
    assert 0 < len(safe) <= 120 and not set(safe) & set('/\\:*?"<>|\0\n') and safe.strip(" .") == safe


def test_logos_are_no_evidence_and_photos_are():
    photo, big_logo = part(PNG, "image/png", name="照片.png"), PNG + b"1"
    raw = mail(
        multi(
            "related",
            part("<p>x<img src=cid:a>", "text/html"),
            part(LOGO, "image/png", cid="a", disposition="inline"),
            part(big_logo, "image/png", cid="b", disposition="inline"),
            part(big_logo, "image/png", cid="c", disposition="inline"),
            part(PNG + b"2", "image/png", cid="d", disposition="inline"),
            photo,
        )
    )
    found = reading(raw)
    assert [p.data for p in parts.evidence(found.parts)] == [PNG + b"2", PNG]
    assert parts.size(PNG) == (640, 480)


def test_kinds_are_told_by_content():
    assert filekind.kind(PNG, "a.xlsx", "application/msword") == "image/png"
    assert filekind.kind(b"%PDF-1.7", "a.docx") == "application/pdf"
    assert filekind.kind(b'{"form": "complaint"}', "a.json") == filekind.JSON
    assert filekind.kind(b"\x78\x9f\x3e\x22abc", "winmail.dat") == filekind.TNEF
    assert filekind.kind(zipped({"xl/workbook.xml": b"", "[Content_Types].xml": b""}), "a.doc") == filekind.XLSX
    assert filekind.kind(zipped({"a.txt": b""}), "a.xlsx") == filekind.ZIP
    assert filekind.kind(b"<html><body>", "a.xls") == "text/html"
    assert filekind.kind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xls") == filekind.OLE
    assert filekind.kind(b"", "a.bin") == filekind.BINARY


def test_zip_files_are_opened_with_their_chinese_names():
    inner = zipped({"照片/现场.png": PNG})
    found = reading(
        mail(multi("mixed", part("见附件"), part(zipped({"投诉.txt": b"a", "b.zip": inner}), name="资料.zip")))
    )
    assert [p.name for p in found.parts if p.name] == ["资料.zip", "投诉.txt", "b.zip", "现场.png"]


def test_a_zip_bomb_is_not_inflated():
    bomb = parts.make("1", zipped({"a": bytes(2_000_000)}), "bomb.zip", "")
    found, problems = archive.unpack([bomb], 100_000)
    assert len(found) == 1 and [p.code for p in problems] == ["archive_too_large"]


def test_what_cannot_be_opened_is_asked_for_again():
    damaged = parts.make("1", b"PK\x03\x04garbage", "a.zip", "")
    assert [p.code for p in archive.unpack([damaged], 1000)[1]] == ["archive_unopened"]
    tnef = reading(
        mail(multi("mixed", part("x"), part(b"\x78\x9f\x3e\x22abc", "application/ms-tnef", name="winmail.dat")))
    )
    assert [p.code for p in tnef.problems] == ["outlook_only"]


def test_links_to_files_elsewhere_are_seen_and_not_followed():
    text = "附件太大，请下载 https://wx.mail.qq.com/ftn/download?key=1 （2026年6月5日 过期）。官网 https://www.kehu.cn"
    found = reading(mail(part(text)))
    assert [(p.code, p.context["expires"]) for p in found.problems] == [("cloud_link", "2026年6月5日")]


# ---------------------------------------------------------------- keys


def test_the_same_mail_by_two_routes_has_one_key():
    raw = mail(multi("mixed", part("x"), part(PNG, "image/png", name="a.png")))
    other = b"Received: from b by c; Wed, 6 May 2026 14:00:01 +0800\r\n" + raw.replace(b"\r\n", b"\n")
    assert reading(raw).key == reading(other).key
    assert reading(raw).key != reading(raw.replace(b"m1@", b"m2@")).key
    changed = mail(multi("mixed", part("y"), part(PNG, "image/png", name="a.png")))
    assert reading(raw).key != reading(changed).key


def test_mails_without_a_message_id_are_told_apart_by_their_subject():
    first, again, other = (mail(part(""), subject=s, message_id="") for s in ("A65 无输出", "A65 无输出", "B20 异响"))
    assert reading(first).key == reading(again).key != reading(other).key


def test_an_address_written_as_a_name_is_no_name():
    found = reading(mail(part("x"), sender='"ceo@bank.cn" <li@kehu.cn>'))
    assert (found.address, found.sender_name) == ("li@kehu.cn", "")


def test_message_from_the_standard_library_reads_back():
    message = email.message.EmailMessage()
    message["Subject"], message["From"] = "电源适配器 无输出 " * 8, "王 <wang@kehu.cn>"
    message.set_content("批号：A65-2603C\n")
    message.add_attachment(PNG, maintype="image", subtype="png", filename="现场照片（很长的名字需要分段）.png")
    found = reading(message.as_bytes())
    assert found.subject == ("电源适配器 无输出 " * 8).strip()
    assert found.parts[-1].name == "现场照片（很长的名字需要分段）.png"
