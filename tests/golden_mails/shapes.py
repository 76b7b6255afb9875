# ruff: noqa: E501 (mails as programs make them)
"""The shapes of mails as people's programs make them: headers, encodings, and above all how each quotes the mail that is
answered. `written(client, ...)` is a whole mail; the golden mails beside this file were made by `make.py` with it."""

from __future__ import annotations

import base64
import html as markup
import quopri
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

NAMES = {"wang": ("王经理", "wang@kehu.cn"), "li": ("李工", "li@kehu.cn"), "gm": ("总经理", "gm@womai.cn"),
         "yan": ("严工", "yan@womai.cn"), "zhao": ("赵销售", "zhao@womai.cn"), "desk": ("质量部", "support@womai.cn")}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """What somebody writes. `quoted` is the text of the mail that he answers or forwards, written by `origin`."""

    who: str
    subject: str
    text: str
    quoted: str = ""
    origin: str = "desk"
    forward: bool = False
    answers: str = ""  # Message-ID
    files: Sequence[tuple[str, str, bytes]] = field(default_factory=tuple)  # name, media type, bytes


# ---------------------------------------------------------------- pieces


def words(text: str, charset: str, coding: str = "B") -> str:
    """A header value as encoded words of at most 75 characters."""
    if text.isascii():
        return text
    pieces, step = [], 12
    for at in range(0, len(text), step):
        raw = text[at : at + step].encode(charset)
        if coding == "B":
            pieces.append(f"=?{charset}?B?{base64.b64encode(raw).decode()}?=")
        else:
            pieces.append(f"=?{charset}?Q?{''.join(f'={b:02X}' for b in raw)}?=")
    return "\r\n ".join(pieces)


def leaf(text: str, kind: str, charset: str, label: str, coding: str) -> bytes:
    raw = text.replace("\n", "\r\n").encode(charset, "xmlcharrefreplace")
    body = (
        base64.encodebytes(raw)
        if coding == "base64"
        else quopri.encodestring(raw.replace(b"\r\n", b"\n"))
        if coding == "quoted-printable"
        else raw
    )
    head = f'Content-Type: {kind};\r\n\tcharset="{label}"\r\nContent-Transfer-Encoding: {coding}\r\n\r\n'
    return head.encode() + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def attached(name: str, kind: str, data: bytes, charset: str) -> bytes:
    coded = words(name, charset)
    head = f'Content-Type: {kind};\r\n\tname="{coded}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\tfilename="{coded}"\r\n\r\n'
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def multipart(subtype: str, parts: Sequence[bytes], boundary: str) -> bytes:
    line = f"--{boundary}".encode()
    inner = b"".join(line + b"\r\n" + p + b"\r\n" for p in parts)
    return (
        f'Content-Type: multipart/{subtype};\r\n\tboundary="{boundary}"\r\n\r\nThis is a multi-part message in MIME format.\r\n\r\n'.encode()
        + inner
        + line
        + b"--\r\n"
    )


def divs(text: str) -> str:
    return "".join(f"<div>{markup.escape(line) or '<br>'}</div>" for line in text.split("\n"))


def paragraphs(text: str) -> str:
    return "".join(
        f"<p class=MsoNormal><span lang=ZH-CN>{markup.escape(line) or '&nbsp;'}<o:p></o:p></span></p>"
        for line in text.split("\n")
    )


def shown(who: str) -> str:
    name, address = NAMES[who]
    return f"{name} <{address}>"


def angled(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def subject_of(note: Note) -> str:
    """The subject of the mail that is quoted."""
    return note.subject.split(":", 1)[-1].split("：", 1)[-1].strip()


def heads(note: Note, labels: Sequence[str], gap: str = " ", date: str = "2026年5月6日 10:00") -> str:
    """Header lines above a quotation, in the order and with the words of a program."""
    to = "gm" if note.origin == "desk" else "zhao"
    values = {"发件人": shown(note.origin), "From": shown(note.origin), "收件人": shown(to), "To": shown(to), "抄送": "", "Cc": "",
              "主题": subject_of(note), "Subject": subject_of(note)}  # fmt: skip
    return "\n".join(f"{label}{gap}{values.get(label.strip(':： '), date)}".rstrip() for label in labels)


# ---------------------------------------------------------------- programs


Plain = Callable[[Note], str]


def _outlook_zh(n: Note) -> str:
    return n.text + (
        f"\n\n发件人: {shown(n.origin)} \n发送时间: 2026年5月6日 10:00\n收件人: 总经理 <gm@womai.cn>\n主题: {subject_of(n)}\n\n{n.quoted}"
        if n.quoted
        else ""
    )


def _outlook_old(n: Note) -> str:
    rule = "-----邮件原件-----" if n.forward or n.quoted else ""
    return n.text + (
        f"\n\n{rule}\n" + heads(n, ["发件人:", "发送时间:", "收件人:", "主题:"]) + f"\n\n{n.quoted}" if n.quoted else ""
    )


def _outlook_en(n: Note) -> str:
    return n.text + (
        f"\n\nFrom: {shown(n.origin)}\nSent: Wednesday, May 6, 2026 10:00 AM\nTo: gm <gm@womai.cn>\nSubject: {subject_of(n)}\n\n{n.quoted}"
        if n.quoted
        else ""
    )


def _outlook_phone(n: Note) -> str:
    tail = "\n\n获取 Outlook for iOS<https://aka.ms/o0ukef>\n"
    return (
        n.text
        + tail
        + (
            "________________________________\n"
            + heads(n, ["发件人:", "发送时间:", "收件人:", "主题:"], date="Wednesday, May 6, 2026 10:00:00 AM")
            + f"\n\n{n.quoted}"
            if n.quoted
            else ""
        )
    )


def _foxmail(n: Note) -> str:
    return n.text + (
        f"\n\n\n\n{NAMES[n.who][1]}\n \n"
        + heads(n, ["发件人：", "发送时间：", "收件人：", "主题："], date="2026-05-06 10:00")
        + f"\n{n.quoted}"
        if n.quoted
        else f"\n\n\n\n{NAMES[n.who][1]}"
    )


def _qq(n: Note) -> str:
    return n.text + (
        f'\n\n\n\n\n------------------ 原始邮件 ------------------\n发件人:                                                                                                                        "{NAMES[n.origin][0]}"                                                                                    <{NAMES[n.origin][1]}>;\n发送时间: 2026年5月6日(星期三) 上午10:00\n收件人: "gm"<gm@womai.cn>;\n主题: {subject_of(n)}\n\n\n\n{n.quoted}'
        if n.quoted
        else ""
    )


def _qq_phone(n: Note) -> str:
    return n.text + (
        f'\n\n\n\n---原始邮件---\n发件人: "{NAMES[n.origin][0]}"<{NAMES[n.origin][1]}&gt;\n发送时间: 2026年5月6日(周三) 上午10:00\n收件人: "gm"<gm@womai.cn&gt;;\n主题: {subject_of(n)}\n\n{n.quoted}'
        if n.quoted
        else ""
    )


def _netease(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + f'\n\n\n\n-------- 转发邮件信息 --------\n发件人："{NAMES[n.origin][0]}" <{NAMES[n.origin][1]}>\n发送日期：2026-05-06 10:00:00\n收件人：zhao@womai.cn\n主题：{subject_of(n)}\n{n.quoted}'
        )
    return n.text + (
        f'\n\n\n\n\n\n\n在 2026-05-06 10:00:00，"{NAMES[n.origin][0]}" <{NAMES[n.origin][1]}> 写道：\n\n{n.quoted}'
        if n.quoted
        else ""
    )


def _netease_phone(n: Note) -> str:
    rule = "转发的邮件" if n.forward else "回复的原邮件"
    return n.text + (
        f"\n\n| |\n{NAMES[n.who][0]}\n|\n|\n{NAMES[n.who][1]}\n|\n---- {rule} ----\n| 发件人 | {NAMES[n.origin][0]}<{NAMES[n.origin][1]}> |\n| 发送日期 | 2026年05月06日 10:00 |\n| 收件人 | <gm@womai.cn> |\n| 主题 | {subject_of(n)} |\n{n.quoted}"
        if n.quoted
        else ""
    )


def _wps(n: Note) -> str:
    return n.text + (
        "\n\n------------------ 原邮件 ------------------\n"
        + heads(n, ["发件人：", "发送时间：", "收件人：", "主题："], gap="", date="2026-05-06 10:00:00")
        + f"\n\n{n.quoted}"
        if n.quoted
        else "\n\n来自 WPS 邮箱"
    )


def _wecom(n: Note) -> str:
    return n.text + (
        "\n\n\n\n------------------ 原始邮件 ------------------\n"
        + heads(n, ["发件人:", "发送时间:", "收件人:", "主题:"], gap="\xa0", date="2026年5月6日(星期三) 上午10:00")
        + f"\n\n{n.quoted}"
        if n.quoted
        else "\n\n发自我的企业微信"
    )


def _gmail_zh(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + f"\n\n---------- Forwarded message ---------\n发件人： {NAMES[n.origin][0]} <{NAMES[n.origin][1]}>\nDate: 2026年5月6日周三 10:00\nSubject: {subject_of(n)}\nTo: <zhao@womai.cn>\n\n\n{n.quoted}"
        )
    return n.text + (
        f"\n\n{NAMES[n.origin][0]} <{NAMES[n.origin][1]}> 于2026年5月6日周三 10:00写道：\n\n{angled(n.quoted)}\n"
        if n.quoted
        else ""
    )


def _gmail_en(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + f"\n\n---------- Forwarded message ---------\nFrom: {NAMES[n.origin][0]} <{NAMES[n.origin][1]}>\nDate: Wed, May 6, 2026 at 10:00 AM\nSubject: {subject_of(n)}\nTo: <zhao@womai.cn>\n\n\n{n.quoted}"
        )
    return n.text + (
        f"\n\nOn Wed, May 6, 2026 at 10:00 AM {NAMES[n.origin][0]} <{NAMES[n.origin][1]}>\nwrote:\n\n{angled(n.quoted)}\n"
        if n.quoted
        else ""
    )


def _apple_zh(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + "\n\n> 开始转发邮件：\n> \n"
            + angled(
                heads(n, ["发件人:", "主题:", "日期:", "收件人:"], date="2026年5月6日 GMT+8 10:00:00")
                + f"\n\n{n.quoted}"
            )
        )
    return n.text + (
        f"\n\n> 2026年5月6日 10:00，{NAMES[n.origin][0]} <{NAMES[n.origin][1]}> 写道：\n> \n{angled(n.quoted)}\n"
        if n.quoted
        else ""
    )


def _iphone_zh(n: Note) -> str:
    return (
        n.text
        + "\n\n发自我的 iPhone\n"
        + (
            f"\n> 在 2026年5月6日，10:00，{NAMES[n.origin][0]} <{NAMES[n.origin][1]}> 写道：\n> \n> ﻿{angled(n.quoted)[2:]}\n"
            if n.quoted
            else ""
        )
    )


def _iphone_en(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + f"\n\nSent from my iPhone\n\nBegin forwarded message:\n\n> From: {shown(n.origin)}\n> Date: May 6, 2026 at 10:00:00 GMT+8\n> To: zhao@womai.cn\n> Subject: {subject_of(n)}\n> \n{angled(n.quoted)}\n"
        )
    return (
        n.text
        + "\n\nSent from my iPhone\n"
        + (
            f"\n> On May 6, 2026, at 10:00, {NAMES[n.origin][0]} <{NAMES[n.origin][1]}> wrote:\n> \n{angled(n.quoted)}\n"
            if n.quoted
            else ""
        )
    )


def _huawei(n: Note) -> str:
    return (
        n.text
        + "\n\n发自我的华为手机\n"
        + (
            "\n-------- 原始邮件 --------\n"
            + heads(n, ["发件人：", "日期：", "收件人：", "主题："], gap="", date="2026年5月6日周三 10:00")
            + f"\n{n.quoted}"
            if n.quoted
            else ""
        )
    )


def _xiaomi(n: Note) -> str:
    return (
        n.text
        + "\n\n发自我的小米手机\n"
        + (
            f"在 {NAMES[n.origin][0]} <{NAMES[n.origin][1]}>，2026年5月6日 上午10:00写道：\n\n{n.quoted}"
            if n.quoted
            else ""
        )
    )


def _samsung(n: Note) -> str:
    return (
        n.text
        + "\n\n从我的 Galaxy 发送\n\n"
        + (
            "-------- 原始信息 --------\n"
            + heads(n, ["发件人：", "日期：", "收件人：", "主题："], date="2026/5/6 10:00 (GMT+08:00)")
            + f"\n\n{n.quoted}"
            if n.quoted
            else ""
        )
    )


def _alimail(n: Note) -> str:
    return n.text + (
        "\n\n------------------------------------------------------------------\n"
        + heads(
            n, ["发件人：", "日\u3000期：", "收件人：", "主\u3000题："], gap="", date="2026年05月06日 10:00:00"
        ).replace("主\u3000题：2026年05月06日 10:00:00", f"主\u3000题：{subject_of(n)}")
        + f"\n\n{n.quoted}"
        if n.quoted
        else ""
    )


def _mail139(n: Note) -> str:
    return n.text + (
        "\n\n----邮件原文----\n"
        + heads(
            n, ["发件人：", "收件人：", "抄 送:", "发送时间：", "主题："], gap="", date="2026-05-06 10:00:00"
        ).replace("抄 送:2026-05-06 10:00:00", "抄 送: (无)")
        + f"\n\n{n.quoted}"
        if n.quoted
        else ""
    )


def _feishu(n: Note) -> str:
    return n.text + (
        "\n\n"
        + heads(n, ["发件人:", "时间:", "主题:", "收件人:"], date="2026年5月6日 (周三) 10:00")
        + f"\n\n{n.quoted}"
        if n.quoted
        else ""
    )


def _thunderbird(n: Note) -> str:
    if n.forward:
        return (
            n.text
            + "\n\n\n-------- 转发的消息 --------\n"
            + heads(n, ["主题:", "日期:", "发件人:", "收件人:"], gap=" \t", date="Wed, 6 May 2026 10:00:00 +0800")
            + f"\n\n\n{n.quoted}"
        )
    return n.text + (f"\n\n在 2026/5/6 10:00, {NAMES[n.origin][0]} 写道:\n{angled(n.quoted)}\n" if n.quoted else "")


@dataclass(frozen=True)
class Client:
    """A program: how it quotes, the charset that it writes and the label it gives, its encoding, and its own headers.
    `form`: plain, alternative (plain and HTML), html alone."""

    plain: Plain
    charset: str = "utf-8"
    label: str = "utf-8"
    coding: str = "base64"
    form: str = "alternative"
    mailer: str = ""
    to_html: Callable[[str], str] = divs


CLIENTS: dict[str, Client] = {
    "outlook_zh": Client(_outlook_zh, "gb18030", "gb2312", "base64", mailer="X-Mailer: Microsoft Outlook 16.0\r\nThread-Index: AdrdJ1o=", to_html=paragraphs),
    "outlook_old": Client(_outlook_old, "gb18030", "gb2312", "base64", "plain", "X-Mailer: Microsoft Outlook 14.0"),
    "outlook_en": Client(_outlook_en, "utf-8", "utf-8", "quoted-printable", mailer="Accept-Language: en-US\r\nX-MS-Has-Attach:", to_html=paragraphs),
    "outlook_phone": Client(_outlook_phone, "utf-8", "utf-8", "base64", mailer="X-MS-TNEF-Correlator:"),
    "foxmail": Client(_foxmail, "gb18030", "GB2312", "base64", mailer="X-Mailer: Foxmail 7.2.25.331[cn]\r\nX-GUID: 5B9E2F7A"),
    "qq": Client(_qq, "gb18030", "gb18030", "base64", "html", "X-Mailer: QQMail 2.x\r\nX-QQ-mid: webmail723t1\r\nX-QQ-STYLE:"),
    "qq_phone": Client(_qq_phone, "utf-8", "utf-8", "base64", "plain", "X-Mailer: QQMail 2.x"),
    "netease": Client(_netease, "gb18030", "GBK", "base64", mailer="X-Mailer: Coremail Webmail Server Version XT5.0.14\r\nX-CM-TRANSID: wMDU"),
    "netease_phone": Client(_netease_phone, "utf-8", "UTF-8", "base64", mailer="X-Mailer: NetEase Mail Master"),
    "wps": Client(_wps, "utf-8", "utf-8", "base64", mailer="X-Mailer: WPS Mail"),
    "wecom": Client(_wecom, "utf-8", "utf-8", "base64", "html", "X-Mailer: QQMail 2.x\r\nX-QQ-SSF: 00400000000000F0"),
    "gmail_zh": Client(_gmail_zh, "utf-8", "UTF-8", "base64", mailer="X-Received: by 2002:a17"),
    "gmail_en": Client(_gmail_en, "utf-8", "UTF-8", "base64", mailer="X-Received: by 2002:a17"),
    "apple_zh": Client(_apple_zh, "utf-8", "utf-8", "quoted-printable", "plain", "X-Mailer: Apple Mail (2.3774.600.62)"),
    "iphone_zh": Client(_iphone_zh, "utf-8", "utf-8", "quoted-printable", "plain", "X-Mailer: iPhone Mail (22A3370)"),
    "iphone_en": Client(_iphone_en, "utf-8", "utf-8", "base64", "plain", "X-Mailer: iPhone Mail (22A3370)"),
    "huawei": Client(_huawei, "utf-8", "utf-8", "base64", "html", "X-Mailer: HuaweiEmail"),
    "xiaomi": Client(_xiaomi, "utf-8", "utf-8", "base64", "plain"),
    "samsung": Client(_samsung, "utf-8", "utf-8", "base64", "html", "X-Mailer: SamsungEmail"),
    "alimail": Client(_alimail, "utf-8", "UTF-8", "base64", mailer="X-Mailer: [Alimail-Mailagent revision 9]"),
    "mail139": Client(_mail139, "utf-8", "utf-8", "base64", "html", "X-Mailer: Richmail_Webapp(V2.4.16)"),
    "feishu": Client(_feishu, "utf-8", "UTF-8", "quoted-printable", "html", "X-Lms-Return-Path: <lba>"),
    "thunderbird": Client(_thunderbird, "utf-8", "UTF-8", "8bit", "plain", "User-Agent: Mozilla Thunderbird"),
}  # fmt: skip


def written(name: str, note: Note, number: int) -> bytes:
    """A whole mail of a program. `number` makes its Message-ID and boundary."""
    client = CLIENTS[name]
    text = client.plain(note)
    plain = leaf(text, "text/plain", client.charset, client.label, client.coding)
    rich = leaf(
        f"<html><head></head><body>{client.to_html(text)}</body></html>",
        "text/html",
        client.charset,
        client.label,
        client.coding,
    )
    body = {"plain": plain, "html": rich}.get(client.form) or multipart(
        "alternative", [plain, rich], f"----=_NextPart_{number:04X}_0002"
    )
    if note.files:
        body = multipart(
            "mixed",
            [body, *(attached(*file, client.charset) for file in note.files)],
            f"----=_NextPart_{number:04X}_0001",
        )
    who, address = NAMES[note.who]
    head = {
        "Date": "Wed, 6 May 2026 14:00:00 +0800",
        "From": f'"{words(who, client.charset)}" <{address}>' if name in ("foxmail", "netease", "qq") else f"{words(who, client.charset)} <{address}>",
        "To": "support@womai.cn",
        "Subject": words(note.subject, client.charset),
        "Message-ID": f"<golden.{number}@{address.partition('@')[2]}>",
        **({"In-Reply-To": note.answers, "References": f"<older@womai.cn>\r\n {note.answers}"} if note.answers else {}),
    }  # fmt: skip
    lines = (
        "".join(f"{k}: {v}\r\n" for k, v in head.items())
        + (f"{client.mailer}\r\n" if client.mailer else "")
        + "MIME-Version: 1.0\r\n"
    )
    return lines.encode() + body
