# ruff: noqa: E501 (mails and answers as they arrive, one to a line)
"""What the words of a mail say: danger, complaint or business, 8D, decisions, lots and quantities."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_intake import mail as make
from support_intake import part, procedures, reading

from qforms.intake import decision, freetext, gate, kind, mime


@pytest.mark.parametrize(
    "text",
    [
        "电源冒烟了", "无输出、冒烟", "没有输出并冒烟", "未起火但冒烟", "是否冒烟：是", "会不会起火？", "冒烟 无输出", "適配器有烟，起火",
        "有无冒烟、起火、触电、受伤：有", "是否有冒烟现象：\n是", "The adapter caught fire.", "smoke came out", "it sparked twice",
        "no output, smoke visible", "ＦＩＲＥ！", "not only smoke but fire", "工人被烫伤", "Smoke, fire or injury: yes",
    ],
)  # fmt: skip
def test_danger_is_found(text):
    assert kind.nature("", text).danger
    assert kind.nature("", text).kind == "complaint"
    assert kind.nature(text, "").danger


@pytest.mark.parametrize(
    "text",
    [
        "未冒烟", "无打火", "没有起火", "未见冒烟、起火、触电", "并未造成人员受伤", "是否冒烟：否", "有无冒烟、起火、触电、受伤：无",
        "有无冒烟、起火、触电、受伤：\n产品型号：X", "冒烟：无", "no smoke", "no smoke or fire was seen", "without any sparks",
        "there was no evidence of fire", "Smoke, fire, electric shock or injury: no", "漏电保护器不良", "smoke test passed", "防火等级 V-0",
        "燃烧试验合格", "firewall settings", "fireworks",
    ],
)  # fmt: skip
def test_denied_danger_is_none(text):
    assert kind.nature("", text).danger == ()


@pytest.mark.parametrize(
    ("subject", "text", "what"),
    [
        ("投诉", "电源适配器 YL-A65 无输出", "complaint"),
        ("", "订单号 PO-123 的电源无输出，9 台不良", "complaint"),
        ("Complaint", "3 units are defective", "complaint"),
        ("不良反馈", "来料不良 5 件，请提供8D", "complaint"),
        ("报价", "请报价 YL-A65 100 台", "business"),
        ("采购订单 PO-123", "附件为订单，请确认交期", "business"),
        ("Invoice 2026-05", "Please find attached our invoice.", "business"),
        ("2026年端午放假通知", "各位客户：我司放假", "business"),
        ("展会邀请函", "诚邀参观", "business"),
        ("Quotation request", "please quote 100 pcs", "business"),
        ("你好", "在吗", "unsure"),
        ("", "", "unsure"),
        ("发票问题", "退货发票开错，不良品已退", "unsure"),
        ("报价", "请报价。另外上次的电源冒烟了", "complaint"),
    ],
)
def test_complaint_business_or_unsure(subject, text, what):
    assert kind.nature(subject, text).kind == what


@pytest.mark.parametrize(
    "text", ["请提供8D报告", "请在3天内回复８D", "Please send an 8D report.", "需要贵司尽快提交 8D 报告"]
)
def test_an_8d_is_wanted(text):
    assert kind.nature("", text).wants_8d


@pytest.mark.parametrize(
    "text", ["不需要8D", "不需要提供8D报告", "无需8D报告。", "no 8D needed", "8D报告已收到", "请换货"]
)
def test_no_8d_is_wanted(text):
    assert not kind.nature("", text).wants_8d


def test_languages():
    assert kind.language("The power adapter YL-A65 has no output") == "en"
    assert kind.language("电源适配器 YL-A65 output 无输出 no output") == "zh"
    assert kind.language("") == "zh"


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        ("同意", "agree", ""), ("同意，请尽快", "agree", ""), ("同意！", "agree", ""), ("OK", "agree", ""), ("ＯＫ", "agree", ""),
        ("可以", "agree", ""), ("approve", "agree", ""), ("Approved, thanks", "agree", ""), ("无异议", "agree", ""),
        ("no objection", "agree", ""), ("张总：\n同意", "agree", ""), ("Dear all,\nApproved", "agree", ""), ("您好！\n同意", "agree", ""),
        ("同意\n--\n王\n如有问题请联系", "agree", ""),
        ("不同意：金额不对", "refuse", "金额不对"), ("reject: too much", "refuse", "too much"), ("不同意\n证据不足", "refuse", "证据不足"),
        ("No, the lot is wrong", "refuse", "the lot is wrong"), ("驳回，重新计算", "refuse", "重新计算"),
        ("异议：批次不对", "object", "批次不对"), ("有异议，数量不对", "object", "数量不对"), ("Objection: wrong lot", "object", "wrong lot"),
        ("收到", "unclear", ""), ("已阅", "unclear", ""), ("好的", "unclear", ""), ("noted", "unclear", ""),
        ("同意，但金额改为 500", "unclear", ""), ("同意\n但请先确认数量", "unclear", ""), ("approved if finance agrees", "unclear", ""),
        ("同意吗？", "unclear", ""), ("OK?", "unclear", ""), ("可以的话请先处理", "unclear", ""), ("请工程部跟进", "unclear", ""),
        ("同意部分赔偿", "unclear", ""), ("不同意见很多", "unclear", ""),
        ("转给 张三", "pass_on", "张三"), ("forward to Zhang San", "pass_on", "Zhang San"),
        ("申请延期 5月12日 样品未到", "extend", "5月12日 样品未到"), ("Extension until 2026-05-12: no samples", "extend", "2026-05-12: no samples"),
        ("立案", "file", ""), ("不是投诉", "not_a_complaint", ""), ("发", "send", ""), ("可以发出", "send", ""),
    ],
)  # fmt: skip
def test_one_line_answers(text, verdict, reason):
    (found,) = decision.decide(text)
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(
    "text", ["", "发票见附件", "见附件", "技术判定：批量", "今天已经换货", "opening hours are 9 to 5"]
)
def test_what_is_no_answer(text):
    assert decision.decide(text) == ()


def test_numbered_answers_to_a_table():
    found = decision.decide("1 同意\n2、不同意：理由\n(3) 收到\n4. 转给 张三")
    assert [(d.line, d.verdict, d.reason) for d in found] == [
        (1, "agree", ""),
        (2, "refuse", "理由"),
        (3, "unclear", ""),
        (4, "pass_on", "张三"),
    ]


@given(st.text(max_size=300))
def test_deciding_never_raises_and_never_approves_by_chance(text):
    for found in decision.decide("若" + text):
        assert found.verdict != "agree" or found.line


# ---------------------------------------------------------------- running text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("电源 YL-A65 无输出，批号 A65-2603C，9 台", {"lot_no": "A65-2603C", "defect_qty": "9"}),
        ("采购了500台，其中9台不良，电话13800138000", {"defect_qty": "9"}),
        ("九台冒烟", {"defect_qty": "9"}),
        ("一百二十件开裂", {"defect_qty": "120"}),
        ("３ 台损坏，批号：Ａ６５－２６０３Ｃ", {"defect_qty": "3", "lot_no": "A65-2603C"}),
        ("3 pcs are defective, lot no. A65-2603C, S/N 1001, 1002", {"lot_no": "A65-2603C", "serial_nos": "1001, 1002", "defect_qty": "3"}),
        ("We received 500 pcs, 12 units failed", {"defect_qty": "12"}),
        ("2026年5月6日，第3台，约30台，5个月，每台 3 个螺丝？", {}),
        ("买了500台", {}),
        ("3台无输出，5台异响", {}),
        ("批号 A1，另一批 批号 B2", {}),
        ("客诉编号：KS-2026-001 订单号PO20260501", {"customer_complaint_no": "KS-2026-001", "order_no": "PO20260501"}),
    ],
)  # fmt: skip
def test_what_words_before_values_name(text, found):
    assert freetext.running("", text) == found


def test_candidates_are_no_addresses_numbers_or_dates():
    text = "YL-A65 的批号 A65-2603C，联系 a1@b2.cn，电话 13800138000，2026-05-06，http://x.cn/a1"
    assert freetext.tokens(text)[:2] == ("YL-A65", "A65-2603C")
    assert not {"13800138000", "2026-05-06", "a1"} & set(freetext.tokens(text))


@given(st.text(max_size=400))
@settings(deadline=None)
def test_running_text_never_raises(text):
    freetext.running("", text)
    freetext.tokens(text)
    form = procedures().catalogue.form("complaint")
    freetext.label_lines(text, form, procedures().catalogue)


def lines(text):
    found = freetext.label_lines(text, procedures().catalogue.form("complaint"), procedures().catalogue)
    return found.values


def test_label_lines():
    assert lines("产品型号：YL-A65\n批号: A65-2603C\n数量：9台\n问题现象：无输出") == {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_qty": 9,
        "defect_symptom": "无输出",
    }


def test_several_labels_in_one_line():
    assert lines("型号：YL-A65，批号：A65-2603C；数量：9台") == {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_qty": 9,
    }


def test_numbered_bulleted_and_tabbed_labels():
    assert lines("1. 型号：YL-A65\n(2) 批号：A65-2603C\n- 数量：9") == {
        "product_model": "YL-A65",
        "lot_no": "A65-2603C",
        "defect_qty": 9,
    }
    assert lines("产品型号\tYL-A65\n批号    A65-2603C") == {"product_model": "YL-A65", "lot_no": "A65-2603C"}


def test_a_long_text_goes_on_below_its_label():
    found = lines("问题现象：\n通电 5 min 内无输出\n输出端 0 V\n\n以上\n批号：A65-2603C")
    assert found == {"defect_symptom": "通电 5 min 内无输出\n输出端 0 V", "lot_no": "A65-2603C"}
    assert lines("批号：\nA65-2603C\n谢谢") == {"lot_no": "A65-2603C"}


def test_the_first_value_counts_and_prose_is_no_label():
    assert lines("批号：A1\n批号：A2") == {"lot_no": "A1"}
    assert lines("我想说的是：电源坏了。网址 http://x.cn") == {}


# ---------------------------------------------------------------- machines


def machine(**more):
    subject = more.pop("subject", "x")
    sender = more.pop("sender", "wang@kehu.cn")
    return gate.machine(
        mime.parse(make(part("x"), subject, sender, more={k.replace("_", "-"): v for k, v in more.items()}))
    )


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, ""),
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto_Submitted": "auto-generated; x=y"}, "auto_reply"),
        ({"Precedence": "bulk"}, "list"),
        ({"List_Id": "<a.b>"}, "list"),
        ({"List_Unsubscribe": "<mailto:x@y.cn>"}, "list"),
        ({"X_Auto_Response_Suppress": "All"}, ""),
        ({"X_Auto_Response_Suppress": "All", "Return_Path": "<>"}, "auto_reply"),
        ({"X_Loop": "a@b"}, "auto_reply"),
        ({"Return_Path": "<>"}, "auto_reply"),
        ({"Return_Path": "<wang@kehu.cn>"}, ""),
        ({"sender": "MAILER-DAEMON@x.cn"}, "auto_reply"),
        ({"sender": "no-reply@x.cn"}, "no_reply"),
        ({"subject": "自动回复: 投诉"}, "auto_reply"),
        ({"subject": "Automatic reply: Complaint"}, "auto_reply"),
        ({"subject": "Out of office"}, "auto_reply"),
        ({"subject": "投诉：自动回复功能失效"}, ""),
        ({"subject": "退信", "sender": "postmaster@qq.com"}, "bounce"),
        ({"X_Qforms_Key": "k"}, "own"),
    ],
)
def test_what_a_machine_wrote(headers, why):
    assert machine(**headers) == why


def test_numbers_and_codes():
    found = reading(
        make(
            part("答复码 ab3d-7klm"), subject="Re: 【质量】8001-202605-0003|YL-A65 与 ts-202605-0012 X8001-202605-0009"
        )
    )
    assert found.numbers == ("8001-202605-0003", "TS-202605-0012")
    assert found.codes == ("AB3D-7KLM",)
