# ruff: noqa: E501 (mails as programs make them)
"""Makes the golden mails: `PYTHONPATH=.:tests python -m golden_mails.make`. What is expected of each is written here by hand, from what
the mail says, and never taken over from what the program makes of it."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from golden_mails.shapes import CLIENTS, Note, attached, leaf, multipart, words, written
from ruamel.yaml import YAML
from support_intake import LOGO, PNG
from support_outlook import msg, tnef

HERE = Path(__file__).parent
TRAP = (
    "产品型号：YL-A65\n批号：A65-2603C\n不良数量：9台\n不良现象：无输出\n收件人：质量部\n主题：无输出\n日期：2026-05-05"
)
COMPLAINT = f"各位好：\n我司使用的电源适配器出现质量问题，明细如下：\n{TRAP}\n请尽快处理，谢谢。"
ASKED = "请决定 8004-202605-0001：扣款 1,200 元。\n产品型号：YL-A65\n收件人：财务部\n主题：扣款\n同意还是不同意，请直接回复。\n答复码 AB3D-7KLM，回信请保留。"
ASKED_YAN = "请 5月8日 前答复 8001-202605-0003，填写下面各项即可：\n技术判定：\n同种机理：\n原因分析："
INNER = "赵工好，我们这批 YL-A65（批号 A65-2603B）有 3 台无输出，请分析。\n李工"
CASE = {
    "form": "complaint",
    "state": "accepted",
    "values": {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_qty": "9",
        "customer": "客户甲",
        "defect_symptom": "无输出",
    },
}
AGREED = {
    "form": "approval",
    "state": "accepted",
    "values": {"target": "8004-202605-0001", "verdict": "agree", "decided_by": "总经理"},
}
FORWARDS = (
    "outlook_zh",
    "outlook_old",
    "outlook_en",
    "foxmail",
    "qq",
    "netease",
    "netease_phone",
    "wps",
    "wecom",
    "gmail_zh",
    "gmail_en",
    "apple_zh",
    "iphone_en",
    "thunderbird",
    "alimail",
    "feishu",
)
LABELS = ("outlook_zh", "foxmail", "qq", "netease", "wecom", "gmail_zh", "iphone_zh", "huawei", "xiaomi", "thunderbird")
INSIDE = ("gmail_zh", "apple_zh", "iphone_zh", "thunderbird", "foxmail", "netease")

Pair = tuple[str, bytes, Mapping[str, Any]]


def main() -> None:
    for old in (*HERE.glob("*.eml"), *HERE.glob("*.expected.yaml")):
        old.unlink()
    writer = YAML()
    writer.width, writer.representer.ignore_aliases = 160, lambda *_: True
    for name, raw, expected in pairs():
        (HERE / f"{name}.eml").write_bytes(raw)
        writer.dump(dict(expected), HERE / f"{name}.expected.yaml")


def pairs() -> Iterator[Pair]:
    yield from _complaints()
    yield from _decisions()
    yield from _forwards()
    yield from _answers()
    yield from _odd()


def _complaints() -> Iterator[Pair]:
    for n, name in enumerate(CLIENTS, 100):
        raw = written(name, Note("wang", "YL-A65 电源适配器质量投诉", COMPLAINT), n)
        yield f"complaint-{name}", raw, {
            "subject": "YL-A65 电源适配器质量投诉", "address": "wang@kehu.cn", "sender_name": "王经理",
            "text": {"has": ["各位好", "收件人：质量部", "日期：2026-05-05", "请尽快处理"]}, "quoted": {"empty": True}, "kind": "complaint",
            "outcomes": [CASE],
        }  # fmt: skip


def _decisions() -> Iterator[Pair]:
    said = {"outlook_en": "OK", "foxmail": "同意，请尽快", "iphone_zh": "可以", "samsung": "同意。"}
    for n, name in enumerate(CLIENTS, 200):
        text = said.get(name, "同意")
        raw = written(
            name, Note("gm", "回复：【质量】8004-202605-0001 请决定", text, ASKED, answers="<d1@womai.cn>"), n
        )
        yield f"decision-{name}", raw, {
            "text": {"has": [text], "lacks": ["请决定", "AB3D-7KLM", "财务部", "原始邮件", "发件人"]}, "quoted": {"has": ["请决定 8004-202605-0001", "AB3D-7KLM"]},
            "decisions": ["agree"], "outcomes": [AGREED],
        }  # fmt: skip


def _forwards() -> Iterator[Pair]:
    for n, name in enumerate(FORWARDS, 300):
        word = {"outlook_en": "FW", "gmail_en": "Fwd", "iphone_en": "Fwd", "qq": "转发"}.get(name, "转发")
        raw = written(name, Note("zhao", f"{word}: 电源问题", "请立案处理。", INNER, "li", True), n)
        yield f"forward-{name}", raw, {
            "address": "zhao@womai.cn", "forwarded_from": "li@kehu.cn",
            "text": {"has": ["请立案处理", "有 3 台无输出"], "lacks": ["发件人", "From:", "Forwarded"]},
            "outcomes": [{"form": "complaint", "values": {"customer": "客户甲", "contact_email": "li@kehu.cn", "on_behalf_of": "zhao@womai.cn", "product_model": "YL-A65", "lot_no": "A65-2603B", "defect_qty": "3"}}],
        }  # fmt: skip


def _answers() -> Iterator[Pair]:
    values = {"tech_class": "batch", "mechanism_confirmed": "True", "cause_analysis": "电容漏液"}
    filled = (
        ASKED_YAN.replace("技术判定：", "技术判定：批量")
        .replace("同种机理：", "同种机理：是")
        .replace("原因分析：", "原因分析：电容漏液")
    )
    lines = "技术判定：批量\n同种机理：是\n原因分析：电容漏液"
    for n, name in enumerate(LABELS, 400):
        raw = written(name, Note("yan", "回复：【质量】8001-202605-0003", lines, ASKED_YAN, answers="<i1@womai.cn>"), n)
        yield (
            f"labels-{name}",
            raw,
            {"quoted": {"has": ["请 5月8日 前答复"]}, "outcomes": [{"number": "8001-202605-0003", "values": values}]},
        )
    for n, name in enumerate(INSIDE, 450):
        raw = written(
            name, Note("yan", "回复：【质量】8001-202605-0003", "已填在下面。", filled, answers="<i1@womai.cn>"), n
        )
        yield (
            f"inside-{name}",
            raw,
            {"text": {"has": ["已填在下面"]}, "outcomes": [{"number": "8001-202605-0003", "values": values}]},
        )
    photo = [("签字扫描件.png", "image/png", PNG)]
    for n, name in enumerate(("foxmail", "iphone_zh", "wecom"), 480):
        raw = written(
            name,
            Note("yan", "回复：【质量】8001-202605-0003", "见附件。", ASKED_YAN, answers="<i1@womai.cn>", files=photo),
            n,
        )
        yield (
            f"scan-{name}",
            raw,
            {
                "files": ["签字扫描件.png"],
                "outcomes": [{"number": "8001-202605-0003", "state": "accepted", "tasks": ["transcribe"]}],
            },
        )
    raw = written(
        "qq_phone",
        Note("gm", "回复：【质量】8004-202605-0001 请决定", "转给 严工", ASKED, answers="<d1@womai.cn>"),
        490,
    )
    yield "pass-on-qq_phone", raw, {"decisions": ["pass_on"], "outcomes": [{"tasks": ["pass_on"]}]}
    raw = written(
        "iphone_zh", Note("gm", "回复：【质量】8004-202605-0001 请决定", "收到", ASKED, answers="<d1@womai.cn>"), 491
    )
    yield (
        "received-iphone_zh",
        raw,
        {"decisions": ["unclear"], "outcomes": [{"state": "refused", "reason": "answer_unclear"}]},
    )
    raw = written(
        "outlook_zh",
        Note("gm", "答复: 【质量】8004-202605-0001 请决定", "不同意：金额不对", ASKED, answers="<d1@womai.cn>"),
        492,
    )
    yield (
        "refusal-outlook_zh",
        raw,
        {
            "decisions": ["refuse"],
            "outcomes": [{"form": "approval", "values": {"verdict": "refuse", "reason": "金额不对"}}],
        },
    )


# ---------------------------------------------------------------- what is odd


def _odd() -> Iterator[Pair]:
    said = "批号：A65-2603C\n9 台电源无输出"
    base = {"outcomes": [{"form": "complaint", "values": {"lot_no": "A65-2603C"}}]}
    zip_ = _gbk_zip({"现场照片.png": PNG})
    json_ = b'{"form": "complaint", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C"}}'

    yield "odd-gb2312-is-gb18030", _mail(_head("投诉：朱镕基路 喆公司", "gb2312", as_="gb18030") + leaf(said + "\n联系人：喆镕", "text/plain", "gb18030", "gb2312", "base64")), {
        **base, "subject": "投诉：朱镕基路 喆公司", "text": {"has": ["喆镕"]}}  # fmt: skip
    yield (
        "odd-raw-8bit-gbk-headers",
        _mail(_raw_head("YL-A65 质量投诉".encode("gb18030")) + leaf(said, "text/plain", "gb18030", "gb2312", "8bit")),
        {**base, "subject": "YL-A65 质量投诉"},
    )
    yield (
        "odd-raw-8bit-utf8-headers",
        _mail(_raw_head("YL-A65 质量投诉".encode()) + leaf(said, "text/plain", "utf-8", "utf-8", "8bit")),
        {**base, "subject": "YL-A65 质量投诉"},
    )
    yield (
        "odd-raw-latin-subject",
        _mail(
            _raw_head("Réclamation: défaut d'alimentation YL-A65".encode("cp1252"))
            + leaf(said, "text/plain", "utf-8", "utf-8", "base64")
        ),
        {**base, "subject": "Réclamation: défaut d'alimentation YL-A65"},
    )
    yield (
        "odd-broken-encoded-word",
        _mail(
            _raw_head(b"=?utf-8?B?WUwtQTY1IOi0qOmHj+aKleivi?= =?utf-8?Q?_YL-A65?=")
            + leaf(said, "text/plain", "utf-8", "utf-8", "base64")
        ),
        {**base, "problems": ["text_lossy"]},
    )
    split = base64.b64encode("质量投诉".encode()).decode()
    yield (
        "odd-character-split-over-words",
        _mail(
            _raw_head(f"=?utf-8?B?{split[:8]}?=\r\n =?utf-8?B?{split[8:]}?=".encode())
            + leaf(said, "text/plain", "utf-8", "utf-8", "base64")
        ),
        {**base, "subject": "质量投诉"},
    )
    yield (
        "odd-unlabelled-gbk-body",
        _mail(_head("投诉") + b"Content-Type: text/plain\r\n\r\n" + said.replace("\n", "\r\n").encode("gb18030")),
        {**base, "text": {"has": ["9 台电源无输出"]}},
    )
    yield (
        "odd-unknown-charset",
        _mail(_head("投诉") + leaf(said, "text/plain", "gb18030", "x-user-defined-936", "base64")),
        {**base, "text": {"has": ["9 台电源无输出"]}},
    )
    yield (
        "odd-iso-2022-jp",
        _mail(
            _head("品質クレーム", "iso-2022-jp")
            + leaf("ロット A65-2603C\n不良品 9 台", "text/plain", "iso-2022-jp", "iso-2022-jp", "7bit")
        ),
        {"subject": "品質クレーム", "text": {"has": ["不良品 9 台"]}},
    )
    yield (
        "odd-rfc2231-name",
        _mail(
            _head("投诉")
            + multipart(
                "mixed",
                [leaf(said, "text/plain", "utf-8", "utf-8", "base64"), _rfc2231("现场照片（第一张）.png")],
                "b1",
            )
        ),
        {**base, "files": ["现场照片（第一张）.png"]},
    )
    yield (
        "odd-path-like-name",
        _mail(
            _head("投诉")
            + multipart(
                "mixed",
                [
                    leaf(said, "text/plain", "utf-8", "utf-8", "base64"),
                    attached("..\\..\\windows\\win.png", "image/png", PNG, "utf-8"),
                ],
                "b2",
            )
        ),
        {**base, "files": ["win.png"]},
    )
    yield (
        "odd-attachment-without-name",
        _mail(
            _head("投诉")
            + multipart(
                "mixed",
                [
                    leaf(said, "text/plain", "utf-8", "utf-8", "base64"),
                    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PNG),
                ],
                "b3",
            )
        ),
        {**base, "files": ["part-2.png"]},
    )
    yield (
        "odd-logo-and-photo",
        _mail(
            _head("投诉")
            + multipart(
                "related",
                [
                    leaf(
                        "<p>批号：A65-2603C</p><p>9 台电源无输出</p><img src=cid:l><img src=cid:p>",
                        "text/html",
                        "utf-8",
                        "utf-8",
                        "base64",
                    ),
                    _inline("logo.png", "l", LOGO),
                    _inline("photo.png", "p", PNG + b"1"),
                ],
                "b4",
            )
        ),
        {**base, "evidence": ["photo.png"]},
    )
    yield "odd-winmail-dat", _mail(_head("投诉") + multipart("mixed", [leaf(said, "text/plain", "gb18030", "gb2312", "base64"), attached("winmail.dat", "application/ms-tnef", tnef({"现场照片.png": PNG, "投诉.json": json_}), "utf-8")], "b5")), {
        "files": ["现场照片.png", "投诉.json"], "outcomes": [{"form": "complaint", "values": {"lot_no": "A65-2603C", "product_model": "YL-A65"}}]}  # fmt: skip
    yield "odd-msg-forwarded", _mail(_head("电源问题", who="zhao") + multipart("mixed", [leaf("请立案", "text/plain", "utf-8", "utf-8", "base64"), attached("客户来信.msg", "application/vnd.ms-outlook", msg(INNER, "电源问题", ("李工", "li@kehu.cn"), {"现场.png": PNG}), "utf-8")], "b6")), {
        "forwarded_from": "li@kehu.cn", "files": ["客户来信.msg", "现场.png"], "outcomes": [{"form": "complaint", "values": {"customer": "客户甲", "lot_no": "A65-2603B"}}]}  # fmt: skip
    inner = written("foxmail", Note("li", "电源问题", INNER), 900)
    yield "odd-eml-as-a-file", _mail(_head("电源问题", who="zhao") + multipart("mixed", [leaf("请立案", "text/plain", "utf-8", "utf-8", "base64"), attached("客户来信.eml", "application/octet-stream", inner, "utf-8")], "b7")), {
        "forwarded_from": "li@kehu.cn", "files": ["客户来信.eml"], "outcomes": [{"form": "complaint", "values": {"customer": "客户甲", "lot_no": "A65-2603B"}}]}  # fmt: skip
    yield "odd-message-rfc822", _mail(_head("电源问题", who="zhao") + multipart("mixed", [leaf("请立案", "text/plain", "utf-8", "utf-8", "base64"), b"Content-Type: message/rfc822\r\n\r\n" + inner], "b8")), {
        "forwarded_from": "li@kehu.cn", "outcomes": [{"form": "complaint", "values": {"customer": "客户甲", "lot_no": "A65-2603B"}}]}  # fmt: skip
    yield (
        "odd-zip-with-gbk-names",
        _mail(
            _head("投诉")
            + multipart(
                "mixed",
                [
                    leaf(said, "text/plain", "utf-8", "utf-8", "base64"),
                    attached("资料.zip", "application/zip", zip_, "gb18030"),
                ],
                "b9",
            )
        ),
        {**base, "files": ["资料.zip", "现场照片.png"]},
    )
    yield (
        "odd-pgp-signed",
        _mail(
            _head("投诉")
            + leaf(
                f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{said}\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----\n",
                "text/plain",
                "utf-8",
                "utf-8",
                "8bit",
            )
        ),
        {**base, "text": {"lacks": ["PGP"]}},
    )
    sealed = leaf(
        "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=abcd\n-----END PGP MESSAGE-----\n",
        "application/octet-stream",
        "utf-8",
        "us-ascii",
        "7bit",
    )
    yield (
        "odd-pgp-encrypted",
        _mail(
            _head("投诉")
            + multipart(
                'encrypted; protocol="application/pgp-encrypted"',
                [leaf("Version: 1", "application/pgp-encrypted", "utf-8", "us-ascii", "7bit"), sealed],
                "b10",
            )
        ),
        {"outcomes": [{"state": "held", "reason": "mail_encrypted"}]},
    )
    yield (
        "odd-qq-big-attachment",
        _mail(
            _head("投诉")
            + leaf(
                f"{said}\n\n从QQ邮箱发来的超大附件\n现场视频.mp4 (1.20G, 2026年6月5日 14:00 到期)\n进入下载页面：https://wx.mail.qq.com/ftn/download?func=3&key=abc",
                "text/plain",
                "utf-8",
                "utf-8",
                "base64",
            )
        ),
        {"problems": ["cloud_link"], "outcomes": [{"form": "complaint", "tasks": ["fetch_file"]}]},
    )
    yield (
        "odd-163-big-attachment",
        _mail(
            _head("投诉")
            + leaf(
                f"{said}\n\n从网易163邮箱发来的云附件\n现场视频.zip (800.1M, 2026年6月5日 14:00 到期)\n下载：https://mail.163.com/large-attachment-download/index.html?p=x",
                "text/plain",
                "utf-8",
                "utf-8",
                "base64",
            )
        ),
        {"problems": ["cloud_link"], "outcomes": [{"form": "complaint", "tasks": ["fetch_file"]}]},
    )
    yield (
        "odd-no-sender",
        _mail(
            _head("投诉 YL-A65 质量问题", who="")
            + leaf("电源质量投诉，9 台不良，要求退货。", "text/plain", "utf-8", "utf-8", "base64")
        ),
        {"address": "", "outcomes": [{"state": "ignored", "reason": "unsure_mail", "tasks": ["unsure"]}]},
    )
    yield (
        "odd-stranger-answers-a-decision",
        _mail(
            _head("回复：【质量】8004-202605-0001 无输出 请决定", who="stranger", more="In-Reply-To: <d1@womai.cn>\r\n")
            + leaf("同意\n\n> 请决定 8004-202605-0001", "text/plain", "utf-8", "utf-8", "base64")
        ),
        {"outcomes": [{"state": "ignored", "reason": "unsure_mail", "tasks": ["unsure"]}]},
    )
    yield (
        "odd-out-of-office-outlook",
        _mail(
            _head(
                "自动答复: 【质量】8001-202605-0003",
                who="yan",
                more="Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n",
            )
            + leaf("我 5月6日 至 5月10日 出差，急事请找孙主管。", "text/plain", "utf-8", "utf-8", "base64")
        ),
        {"machine": "auto_reply", "outcomes": [{"state": "ignored", "reason": "auto_reply"}]},
    )
    yield (
        "odd-bounce-qq",
        _mail(
            _head("系统退信/The email is returned", who="daemon")
            + leaf(
                "邮件无法发送到 yan@womai.cn\nhost mx.womai.cn said: 550 5.1.1 User unknown\nMessage-ID: <i1@womai.cn>",
                "text/plain",
                "utf-8",
                "utf-8",
                "base64",
            )
        ),
        {"machine": "bounce", "outcomes": [{"state": "ignored", "reason": "bounced", "tasks": ["bounced"]}]},
    )
    yield (
        "odd-advertisement",
        _mail(
            _head("ISO9001 内审员培训报价", who="stranger")
            + leaf(
                "您好，现推出内审员培训课程，报价单见附件，欢迎订购，优惠中。", "text/plain", "utf-8", "utf-8", "base64"
            )
        ),
        {"kind": "business", "outcomes": [{"state": "ignored", "reason": "business_mail"}]},
    )
    yield (
        "odd-html-only-table",
        _mail(
            _head("投诉")
            + leaf(
                "<table border=1><tr><td>产品型号</td><td>YL-A65</td></tr><tr><td>批号</td><td>A65-2603C</td></tr><tr><td>不良数量</td><td>9</td></tr></table><p>无输出，请处理。</p>",
                "text/html",
                "gb18030",
                "gb2312",
                "quoted-printable",
            )
        ),
        {
            "outcomes": [
                {"form": "complaint", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C", "defect_qty": "9"}}
            ]
        },
    )
    yield (
        "odd-bottom-posted",
        _mail(
            _head("回复：【质量】8004-202605-0001 请决定", who="gm", more="In-Reply-To: <d1@womai.cn>\r\n")
            + leaf(
                "在 2026/5/6 10:00, 质量部 写道:\n" + "\n".join(f"> {x}" for x in ASKED.split("\n")) + "\n\n同意\n",
                "text/plain",
                "utf-8",
                "utf-8",
                "base64",
            )
        ),
        {"decisions": ["agree"], "outcomes": [AGREED]},
    )


SENDERS = {"wang": ("王经理", "wang@kehu.cn"), "zhao": ("赵销售", "zhao@womai.cn"), "gm": ("总经理", "gm@womai.cn"), "yan": ("严工", "yan@womai.cn"),
           "stranger": ("", "someone@unknown.example"), "daemon": ("", "postmaster@qq.com")}  # fmt: skip
_count = iter(range(500, 1000))


def _head(subject: str, charset: str = "utf-8", who: str = "wang", more: str = "", as_: str = "") -> bytes:
    coded = words(subject, as_ or charset).replace(f"=?{as_}?", f"=?{charset}?") if as_ else words(subject, charset)
    return _lines(coded.encode(), who, more)


def _raw_head(subject: bytes) -> bytes:
    return _lines(subject, "wang", "")


def _lines(subject: bytes, who: str, more: str) -> bytes:
    sender = ""
    if who:
        name, address = SENDERS[who]
        sender = f"From: {words(name, 'utf-8')} <{address}>\r\n" if name else f"From: {address}\r\n"
    head = f"Date: Wed, 6 May 2026 14:00:00 +0800\r\n{sender}To: support@womai.cn\r\nMessage-ID: <golden.{next(_count)}@kehu.cn>\r\n{more}MIME-Version: 1.0\r\n"
    return b"Subject: " + subject + b"\r\n" + head.encode()


def _mail(raw: bytes) -> bytes:
    return raw


def _rfc2231(name: str) -> bytes:
    coded = "".join(f"%{b:02X}" for b in name.encode())
    head = f"Content-Type: image/png\r\nContent-Disposition: attachment;\r\n filename*0*=UTF-8''{coded[:36]};\r\n filename*1*={coded[36:]}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(PNG)


def _inline(name: str, cid: str, data: bytes) -> bytes:
    head = f'Content-Type: image/png; name="{name}"\r\nContent-ID: <{cid}>\r\nContent-Disposition: inline; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode() + base64.encodebytes(data)


def _gbk_zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, (name, data) in enumerate(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{n}".rjust(len(name.encode("gbk")), "~")), data, zipfile.ZIP_DEFLATED)
    raw = out.getvalue()
    for n, name in enumerate(files):
        raw = raw.replace(f"{n}".rjust(len(name.encode("gbk")), "~").encode(), name.encode("gbk"))
    return raw


if __name__ == "__main__":
    main()
