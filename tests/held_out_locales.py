# ruff: noqa: E501 (quotations as programs make them)
"""A second measure of quoted replies, on mails as HTML and as text in shapes that stood in no sample before: programs on
telephones and in the browser, versions of the known ones, and programs in the languages of customers abroad.

    python -m tests.held_out_locales

At first look, before anything was mended for it: see docs/mail-complaints.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from email.message import EmailMessage
from html import escape
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from held_out_quotes import Sample, angled, report

from qforms.intake import body, mime

WHO, WHERE = "质量部", "support@womai.cn"
MAIL = f"{WHO} <{WHERE}>"
TO = "li@womai.cn"
OWN = (
    "同意，按此执行。",
    "批号：A65-2603C\n不良数量：9\n完成日期：2026-05-20",
    "样品昨天已寄出，运单号 SF1234567890，请查收。\n\n李工",
    "Agreed. Please go ahead.\n\nBest regards\nLi",
    "两点说明：\n1. 电容漏液，已更换\n2. 库存隔离完成",
)
ASKED = "请 5月8日 前答复 8001-202605-0003：\n技术判定：\n原因分析：\n收件人：工程部\n答复码 AB3D-7KLM，回信请保留。"


def block(*pairs: str) -> str:
    return "\n".join(pairs) + f"\n\n{ASKED}"


def html(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


# program -> the text that it puts below the answer
TEXTS = {
    "outlook ios zh": "________________________________\n"
    + block(
        f"发件人: {MAIL}", "发送时间: 星期三, 五月 6, 2026 10:00 上午", f"收件人: {TO} <{TO}>", "主题: 【质量】8001"
    ),
    "outlook android en": "________________________________\n"
    + block(f"From: {MAIL}", "Sent: Wednesday, May 6, 2026 10:00:00 AM", f"To: {TO} <{TO}>", "Subject: 8001"),
    "outlook de": block(f"Von: {MAIL}", "Gesendet: Mittwoch, 6. Mai 2026 10:00", f"An: Li <{TO}>", "Betreff: 8001"),
    "outlook de rule": "-----Ursprüngliche Nachricht-----\n"
    + block(f"Von: {MAIL}", "Gesendet: Mittwoch, 6. Mai 2026 10:00", f"An: Li <{TO}>", "Betreff: 8001"),
    "outlook fr": block(f"De : {MAIL}", "Envoyé : mercredi 6 mai 2026 10:00", f"À : Li <{TO}>", "Objet : 8001"),
    "outlook es": block(
        f"De: {MAIL}", "Enviado el: miércoles, 6 de mayo de 2026 10:00", f"Para: Li <{TO}>", "Asunto: 8001"
    ),
    "outlook it": block(f"Da: {MAIL}", "Inviato: mercoledì 6 maggio 2026 10:00", f"A: Li <{TO}>", "Oggetto: 8001"),
    "outlook pt": block(
        f"De: {MAIL}", "Enviada em: quarta-feira, 6 de maio de 2026 10:00", f"Para: Li <{TO}>", "Assunto: 8001"
    ),
    "outlook ja": block(f"差出人: {MAIL}", "送信日時: 2026年5月6日水曜日 10:00", f"宛先: Li <{TO}>", "件名: 8001"),
    "outlook ko": block(
        f"보낸 사람: {MAIL}", "보낸 날짜: 2026년 5월 6일 수요일 오전 10:00", f"받는 사람: Li <{TO}>", "제목: 8001"
    ),
    "gmail de": f"Am Mi., 6. Mai 2026 um 10:00 Uhr schrieb {MAIL}:\n\n{angled(ASKED)}",
    "gmail fr": f"Le mer. 6 mai 2026 à 10:00, {MAIL} a écrit :\n\n{angled(ASKED)}",
    "gmail es": f"El mié, 6 may 2026 a las 10:00, {WHO} (<{WHERE}>) escribió:\n\n{angled(ASKED)}",
    "gmail ja": f"2026年5月6日(水) 10:00 {MAIL}:\n\n{angled(ASKED)}",
    "gmail ko": f"2026년 5월 6일 (수) 오전 10:00, {MAIL}님이 작성:\n\n{angled(ASKED)}",
    "gmail android zh": f"{MAIL}于2026年5月6日 周三10:00写道：\n\n{angled(ASKED)}",
    "thunderbird de": f"Am 06.05.26 um 10:00 schrieb {WHO}:\n{angled(ASKED)}",
    "thunderbird fr": f"Le 06/05/2026 à 10:00, {WHO} a écrit :\n{angled(ASKED)}",
    "thunderbird traditional": f"{WHO} 於 2026/5/6 上午 10:00 寫道:\n{angled(ASKED)}",
    "apple ios zh": f"> 在 2026年5月6日，10:00，{MAIL} 写道：\n> \n{angled(ASKED)}",
    "apple ios en": f"> On 6 May 2026, at 10:00 AM, {MAIL} wrote:\n> \n> ﻿\n{angled(ASKED)}",
    "apple de": f"> Am 06.05.2026 um 10:00 schrieb {MAIL}:\n> \n{angled(ASKED)}",
    "mail master zh": f"在2026年05月06日 10:00，{WHO} 写道：\n{ASKED}",
    "mail master table": f"---- 回复的原邮件 ----\n| 发件人 | {WHO}<{WHERE}> |\n| 日期 | 2026年05月06日 10:00 |\n| 收件人 | {TO} |\n| 抄送至 | |\n| 主题 | 8001 |\n{ASKED}",
    "qq app": f"------------------ Original ------------------\nFrom: {WHO} <{WHERE}>\nDate: Wed,May 6,2026 10:00 AM\nTo: li <{TO}>\nSubject: Re: 8001\n\n{ASKED}",
    "qq app short": f'---Original---\nFrom: "{WHO}"<{WHERE}>\nDate: Wed, May 6, 2026 10:00 AM\nTo: "li"<{TO}>;\nSubject: 8001\n\n{ASKED}',
    "wecom app": f"---------- 回复的邮件信息 ----------\n{WHO} <{WHERE}> 在 2026年5月6日 周三 10:00 写道：\n\n{ASKED}",
    "wps": f"-----原始邮件-----\n发件人：{WHO}<{WHERE}>\n收件人：{TO}\n抄送：\n时间：2026-05-06 10:00:00\n主题：8001\n\n{ASKED}",
    "aliyun app": f"------------------------------------------------------------------\n发件人：{WHO}<{WHERE}>\n时　间：2026年05月06日 10:00\n收件人：{TO}<{TO}>\n主　题：8001\n\n{ASKED}",
    "lark": block(
        f'发件人： "{WHO}" <{WHERE}>', "时间： 2026年5月6日 周三 10:00", "主题： 8001", f'收件人： "li" <{TO}>'
    ),
    "xiaomi": f"在 {WHO} <{WHERE}>，2026年5月6日 上午10:00写道：\n{ASKED}",
    "samsung en": f"-------- Original message --------\nFrom: {MAIL} \nDate: 06/05/2026  10:00  (GMT+08:00) \nTo: {TO} \nSubject: 8001 \n\n{ASKED}",
    "huawei en": f"-------- Original Message --------\nSubject: 8001\nFrom: {WHO} \nTo: {TO}\nCc: \n\n{ASKED}",
    "windows mail zh": block(f"发件人: {WHO}", "发送时间: 2026年5月6日 10:00", f"收件人: {TO}", "主题: 8001"),
    "coremail en": f'-----Original Messages-----\nFrom:"{WHO}" <{WHERE}>\nSent Time:2026-05-06 10:00:00 (Wednesday)\nTo: {TO}\nCc: \nSubject: 8001\n\n{ASKED}',
    "zimbra zh": f'----- 原始邮件 -----\n发件人: "{WHO}" <{WHERE}>\n收件人: "li" <{TO}>\n发送时间: 星期三, 2026年 5 月 06日 上午 10:00:00\n主题: 8001\n\n{ASKED}',
    "em client 9": f'------ Original Message ------\nFrom "{WHO}" <{WHERE}>\nTo {TO}\nDate 2026/5/6 10:00:00\nSubject 8001\n\n{ASKED}',
    "tuta": f"May 6, 2026, 10:00 by {WHERE}:\n\n{angled(ASKED)}",
    "kmail zh": f"2026年5月6日星期三 中国标准时间 10:00:00，{WHO}写道：\n{angled(ASKED)}",
    "notes zh": f"{WHO} ---2026/05/06 10:00:00---请 5月8日 前答复\n\n发件人:\t{WHO} <{WHERE}>\n收件人:\t{TO}\n日期:\t2026/05/06 10:00\n主题:\t8001\n\n{ASKED}",
}
# what a program puts under its sender's words, in the place of a signature: kept with them
SIGNED = {
    "outlook ios zh": "获取 Outlook for iOS", "outlook android en": "Get Outlook for Android",
    "apple ios zh": "发自我的 iPhone", "apple ios en": "Sent from my iPhone", "wecom app": "发自我的企业微信",
    "aliyun app": "发自我的阿里邮箱", "xiaomi": "发自我的小米手机", "windows mail zh": "发送自 Windows 10 版邮件应用",
    "mail master zh": f"| |\n李工\n|\n|\n邮箱：{TO}\n|\n\n签名由 网易邮箱大师 定制", "qq app": "发自我的iPhone",
    "foxmail 7": TO,
}  # fmt: skip
HEADS = f"<b>发件人:</b> {escape(MAIL)}<br><b>发送时间:</b> 2026年5月6日 10:00<br><b>收件人:</b> 李工 &lt;{TO}&gt;<br><b>主题:</b> 【质量】8001"
# program -> the HTML that it puts below the answer
PAGES = {
    "outlook 365 zh": f'<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{HEADS}</p></div></div><p class="MsoNormal"><o:p>&nbsp;</o:p></p>{html(ASKED)}',
    "outlook web zh": f'<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri" color="#000000">{HEADS}</font><div>&nbsp;</div></div>{html(ASKED)}',
    "gmail web zh": f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{WHO} &lt;<a href="mailto:{WHERE}">{WHERE}</a>&gt; 于2026年5月6日周三 10:00写道：<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">{html(ASKED)}</blockquote></div>',
    "apple mail zh": f'<div><br><blockquote type="cite"><div>2026年5月6日 10:00，{escape(MAIL)} 写道：</div><br class="Apple-interchange-newline"><div>{html(ASKED)}</div></blockquote></div>',
    "foxmail 7": f'<div><br></div><blockquote style="margin:0"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style="font-size:12px;background:#efefef;padding:8px"><div><b>发件人：</b>&nbsp;{escape(MAIL)}</div><div><b>发送时间：</b>&nbsp;2026-05-06&nbsp;10:00</div><div><b>收件人：</b>&nbsp;{TO}</div><div><b>主题：</b>&nbsp;8001</div></div></div>{html(ASKED)}</blockquote>',
    "qq web": f'<div><br></div><div style="font-size:12px">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size:12px;background:#efefef;padding:8px"><div><b>发件人:</b>&nbsp;"{WHO}" &lt;{WHERE}&gt;;</div><div><b>发送时间:</b>&nbsp;2026年5月6日(星期三) 上午10:00</div><div><b>收件人:</b>&nbsp;"li"&lt;{TO}&gt;;</div><div><b>主题:</b>&nbsp;8001</div></div><div><br></div>{html(ASKED)}',
    "163 web": f'<p>At 2026-05-06 10:00:00, "{WHO}" &lt;{WHERE}&gt; wrote:</p><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; BORDER-LEFT: #ccc 1px solid">{html(ASKED)}</blockquote>',
    "thunderbird html zh": f'<div class="moz-cite-prefix">在 2026/5/6 10:00, {WHO} 写道:<br></div><blockquote type="cite" cite="mid:1@womai.cn">{html(ASKED)}</blockquote>',
}  # fmt: skip
# nothing is quoted here
WHOLE = (
    "发件人姓名：李工\n发送日期：2026-05-06\n收件人：质量部\n请安排取件。",
    "各位：\n原始邮件里的附件打不开，请重发。\n批号：A65-2603C",
    "Von unserem Werk in Suzhou: 9 Stück YL-A65 ohne Ausgang.\nAn: Qualität",
    "Le lot A65-2603C est arrivé le 6 mai 2026.\nObjet : retour de 9 pièces",
    "宛先：品質部\n件名：YL-A65 出力なし\n数量：9",
    "De: Ningbo\nPara: Suzhou\n2 cajas, YL-A65, sin salida.",
    "客户 5月6日 10:00 来电说：无输出。\n时间：2026年5月6日 10:00\n联系人：王先生",
    "A: 9 pcs\nB: 3 pcs\nDa: 12.05.2026",
    "日期 | 数量 | 批号\n5/6 | 9 | A65-2603C\n5/7 | 2 | A65-2604A",
    "On May 6, 2026 at 10:00 the tester wrote: no output.\nWe need a replacement.",
    "> 12 V 为合格\n实测 0 V，请分析。",
    "---- 检验记录 ----\n日期：2026-05-06\n主题：来料检验\n结论：不合格",
)


def samples() -> Iterator[Sample]:
    own = cycle(OWN)
    for program, below in TEXTS.items():
        yield _read(program, next(own), below, "plain")
    for program, below in PAGES.items():
        yield _read(program, next(own), below, "html")
    for text in WHOLE:
        yield _read("no quotation", text, "", "plain")


def _read(program: str, own: str, below: str, kind: str) -> Sample:
    """The mail as it is written and read again: through MIME, and HTML made text."""
    page, own = kind == "html", "\n\n".join(filter(None, (own, SIGNED.get(program))))
    made = EmailMessage()
    made["From"], made["Subject"] = TO, "Re: 8001" if below else "8001"
    made.set_content(f"<html><body>{html(own)}{below}</body></html>" if page else f"{own}\n\n{below}", kind)
    quoted = body.from_html(f"<html><body>{below}</body></html>") if page else below
    text = body.read(mime.parse(made.as_bytes()), "Re: 8001").text
    return Sample(program, own, quoted, text)


if __name__ == "__main__":
    report(samples())
