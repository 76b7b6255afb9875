# ruff: noqa: E501 (mails and answers as they arrive, one to a line)
"""What the sender wrote, told from what was quoted: by the programs that people really use."""

from __future__ import annotations

import time

import pytest
from support_intake import QUOTING, forwarded, iphone, mail, multi, part, procedures, reading

from qforms.intake import body, quotes
from qforms.intake.freetext import label_lines
from qforms.intake.phenomenon import phenomenon

FORM = "产品型号：YL-A65\n收件人：质量部\n主题：无输出\n日期：2026-05-06\n数量：9台"

REPLIES = {
    "outlook zh": "同意。\n\n________________________________\n发件人: 质量部 <a@b.cn>\n发送时间: 2026年5月6日 10:00\n收件人: 严工\n主题: 请答复\n\n原文",
    "outlook zh wide": "同意。\n\n发件人： 质量部\n发送时间： 2026年5月6日星期三 10:00\n收件人： 严工 <yan@b.cn>\n抄送： 孙\n主题： RE: x\n\n原文",
    "outlook en": "同意。\n\nFrom: QA <a@b.cn>\nSent: Wednesday, May 6, 2026 10:00 AM\nTo: Yan\nSubject: Please answer\n\n原文",
    "outlook en bold": "同意。\n\n*From:* QA <a@b.cn>\n*Sent:* Wednesday\n*To:* Yan\n*Subject:* x\n\n原文",
    "foxmail": "同意。\n\n\n\n\nyan@womai.cn\n \n发件人： 质量部\n发送时间： 2026-05-06 10:00\n收件人： yan\n主题： 请答复\n原文",
    "qq": '同意。\n\n\n------------------ 原始邮件 ------------------\n发件人:                                                                                                                        "质量部"\n原文',
    "qq reply": '同意。\n\n---Original---\nFrom: "QA"\n原文',
    "163": '同意。\n\n\n\n在 2026-05-06 10:00:00，"质量部" <a@b.cn> 写道：\n原文',
    "163 en": '同意。\n\nAt 2026-05-06 10:00:00, "QA" <a@b.cn> wrote:\n原文',
    "163 mobile": "同意。\n\n---- 回复的原邮件 ----\n| 发件人 | 质量部 |\n原文",
    "wps": "同意。\n\n------------------ 原邮件 ------------------\n原文",
    "wecom": "同意。\n\n------------------ Original ------------------\nFrom: x\n原文",
    "gmail zh": "同意。\n\n质量部 <a@b.cn> 于2026年5月6日周三 10:00写道：\n\n> 原文",
    "gmail zh two lines": "同意。\n\n质量部 <support@womai.example.cn> 于2026年5月6日周三\n10:00写道：\n\n> 原文",
    "apple zh": "同意。\n\n> 在 2026年5月6日，10:00，质量部 <a@b.cn> 写道：\n> \n> 原文",
    "apple en": "同意。\n\nOn 6 May 2026, at 10:00, QA <a@b.cn> wrote:\n\n> 原文",
    "gmail en two lines": "同意。\n\nOn Wed, May 6, 2026 at 10:00 AM Quality Office\n<support@womai.cn> wrote:\n\n> 原文",
    "angles": "同意。\n\n> 原文\n> 第二行",
    "original message": "同意。\n\n-----Original Message-----\nFrom: QA\n原文",
}


@pytest.mark.parametrize("name", REPLIES)
def test_the_quotation_is_set_aside(name):
    found = quotes.split(REPLIES[name])
    assert found.own.split("\n")[0] == "同意。"
    assert "原文" not in found.own and "原文" in found.quoted
    assert found.own.replace("yan@womai.cn", "").strip() == "同意。"


@pytest.mark.parametrize(
    "text",
    [
        FORM,
        f"请看：\n{FORM}\n谢谢",
        "客户写道：无输出",
        "发件人：不详",
        "他在信里写道：电源坏了。\n请处理",
        "型号从 A 改到 B，from: 2026-05-01 开始",
        "On Monday the unit failed.\nWe wrote: please check.",
        "-- 测试结果 --\n不良 3 台",
        "",
    ],
)
def test_a_text_without_a_quotation_is_not_cut(text):
    assert quotes.split(text).own == text.strip()


def test_an_answer_below_the_quotation_is_the_sender_s_own():
    found = quotes.split("在 2026/5/6 10:00, 质量部 写道:\n> 请决定\n> 同意还是不同意？\n\n同意\n")
    assert found.own == "同意" and "请决定" in found.quoted


def test_answers_between_quoted_lines_are_the_sender_s_own():
    text = "见下：\n\n在 2026/5/6 10:00, 质量部 写道:\n> 一、原因？\n\n电容漏液\n\n> 二、措施很长很长很长\n很长的一行被拆开\n\n换货\n"
    assert quotes.split(text).own == "见下：\n\n电容漏液\n\n换货"


def test_headers_in_another_order_are_a_quotation_and_a_form_is_none():
    text = "同意\n\n主题: 请决定\n日期: 2026-05-06\n发件人: 质量部 <a@b.cn>\n收件人: x\n\n原文"
    assert quotes.split(text).own == "同意"
    form = "主题: 无输出\n日期: 2026-05-06\n收件人: 质量部\n批号：A65"
    assert quotes.split(form).own == form


def test_nothing_is_lost_in_cutting():
    for text in REPLIES.values():
        found = quotes.split(text)
        assert "".join((found.own + found.quoted).split()) == "".join(text.split())


@pytest.mark.parametrize("client", QUOTING)
def test_every_client_s_reply(client):
    found = reading(QUOTING[client]("同意，请尽快", "请决定 8004-202605-0001\n答复码 AB3D-7KLM", subject="答复: x"))
    assert found.text.split("\n")[0] == "同意，请尽快"
    assert "请决定" not in found.text and "请决定" in found.quoted
    assert found.codes == ("AB3D-7KLM",)
    assert [d.verdict for d in found.decisions] == ["agree"]


def test_hostile_lines_take_no_time():
    began = time.process_time()
    for line in (
        "On " + "a " * 50_000 + "\n",
        "发件人: " * 20_000,
        "From: x\n" * 20_000,
        "> " * 100_000,
        "On a\n" * 20_000,
    ):
        quotes.split(line)
        quotes.split(line * 3 + "写道")
    assert time.process_time() - began < 3


def test_a_forwarded_mail_counts_and_tells_where_it_came_from():
    found = reading(forwarded("请立案", "YL-A65 无输出 9 台", "李工 <li@kehu.cn>"))
    assert "请立案" in found.text and "YL-A65 无输出 9 台" in found.text
    assert found.forwarded == {"from": "李工 <li@kehu.cn>", "date": "2026年5月5日 9:12", "subject": "电源问题"}


def test_a_forward_by_subject_in_other_clients():
    text = "请看\n\n发件人： 李工 <li@kehu.cn>\n发送时间： 2026-05-05 09:12\n收件人： zhao\n主题： 电源\n\n无输出 9 台"
    found = reading(mail(part(text), subject="Fwd: 电源", sender="zhao@womai.cn"))
    assert found.text == "请看\n\n无输出 9 台" and found.forwarded["from"] == "李工 <li@kehu.cn>"


def test_a_reply_is_no_forward():
    assert reading(QUOTING["outlook"]("同意", "原文", subject="答复: 转发: x")).forwarded == {}


# ---------------------------------------------------------------- which part is the text


def test_plain_text_wins_unless_it_is_empty():
    both = multi("alternative", part("纯文本"), part("<p>网页", "text/html"))
    assert reading(mail(both)).text == "纯文本"
    hollow = multi("alternative", part(" \n"), part("<p>网页", "text/html"))
    assert reading(mail(hollow)).text == "网页"


def test_every_text_outside_an_alternative_counts():
    apple = multi("mixed", part("<p>电源冒烟", "text/html"), part("\n发自我的 iPhone"))
    assert "电源冒烟" in reading(mail(apple)).text


def test_an_attached_text_is_an_attachment():
    found = reading(mail(multi("mixed", part("正文"), part("日志内容", name="log.txt"))))
    assert found.text == "正文" and [p.name for p in found.parts] == ["", "log.txt"]


def test_an_html_table_keeps_its_columns():
    table = "<table><tr><td>产品型号</td><td>YL-A65</td></tr><tr><td>批号</td><td>A65-2603C</td></tr></table>"
    found = reading(mail(part(table, "text/html")))
    assert found.filled[0].values["lot_no"] == "A65-2603C" and found.filled[0].values["product_model"] == "YL-A65"


def test_html_without_charset_in_the_header():
    html = '<html><meta charset="gb2312"><p>电源适配器冒烟</p></html>'
    assert reading(mail(part(html, "text/html", "gb18030", label=""))).text == "电源适配器冒烟"


def test_deeply_nested_html_is_still_read():
    assert "冒烟" in body.from_html("<div>" * 20_000 + "冒烟" + "</div>" * 20_000)
    assert body.from_html("") == "" and body.from_html("\0<p>x") == "x"


def test_hidden_text_and_scripts_are_no_text():
    html = '<p>无输出</p><script>var 冒烟=1</script><style>.x{}</style><div style="display:none">冒烟</div>'
    assert body.from_html(html) == "无输出"


def test_the_signature_stays_in_the_record():
    found = reading(iphone("电源冒烟"))
    assert "发自我的 iPhone" in found.text
    assert quotes.without_signature("同意\n--\n王") == "同意" and quotes.without_signature("--\n王") == "--\n王"


@pytest.mark.parametrize("line", ["型号{}x", "{}"])
@pytest.mark.parametrize("piece", [" ", "， ", "1.", "- ", "a  "])
def test_many_blanks_cost_no_more_each_than_a_few(line: str, piece: str):
    """Found by the fuzzer: a line of blanks was tried over and over (the first label of every line is looked for)."""
    form, catalogue = procedures().catalogue.form("complaint"), procedures().catalogue

    def cost(length: int) -> float:
        text, began = line.format(piece * (length // len(piece))), time.process_time()
        label_lines(text, form, catalogue)
        phenomenon("", f"无输出 {text}")
        return time.process_time() - began

    cost(1_000)
    assert cost(20_000) < 10 * max(cost(5_000), 0.02)  # four times as long; were it quadratic, sixteen times
