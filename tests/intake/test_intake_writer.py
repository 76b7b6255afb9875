# ruff: noqa: E501 (mails as they arrive, one to a line)
"""What a mail's own words and signature tell of its writer, of what he wants and of how much failed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qforms.intake import freetext, items, kind, phenomenon, words, writer

OURS = {"江苏云岭电器有限公司", "Yunling Electric Co., Ltd."}


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("适配器坏了。\n联系电话 13812345678\n\n恒达工具 王建国", "王建国", ("恒达工具", "13812345678")),
        ("14 pcs failed.\n\nBest regards\nSarah Miller\nBrightlight Ltd, +44 161 555 0188", "Sarah Miller", ("Brightlight Ltd", "+44 161 555 0188")),
        ("外壳开裂。\n谢谢！\n李明\n南方电器（东莞）有限公司 品质部\n电话：0769-8123 4567 传真：0769-8123 4568", "李明", ("南方电器（东莞）有限公司", "0769-8123 4567")),
        ("我是苏州华东电子有限公司的张工，你们的电源不通电。我手机13900001111", "zhang", ("苏州华东电子有限公司", "13900001111")),
        ("QT-18 不亮 3台 四川成都 陈先生13900001111", "陈", ("", "13900001111")),
        ("坏了\n--\n质量部 王建国", "王建国", ("", "")),
        ("请江苏云岭电器有限公司尽快处理\n\n谢谢\n北辰设备股份有限公司\nTel: 010-82345678-803", "", ("北辰设备股份有限公司", "010-82345678-803")),
        ("贵公司产品坏了。\n谢谢\n张三", "张三", ("", "")),
        ("noise\n\nKind regards,\nJohn Smith\nQuality Manager\nAcme Power Tools GmbH & Co. KG\nPhone +49 89 1234567\nFax +49 89 1234568", "John Smith", ("Acme Power Tools GmbH & Co. KG", "+49 89 1234567")),
        ("见附件。\n甲有限公司\n乙有限公司", "", ("", "")),
        ("电话 13800138000 或 13900139000", "", ("", "")),
        ("我们公司买的电源坏了", "", ("", "")),
        ("批号 20260413812345678，订单 13812345678-01", "", ("", "")),
        ("处理意见：退货\n东方仪表有限公司品质部 何工 分机8023", "品质", ("东方仪表有限公司", "")),
        ("謝謝\n台陽電機股份有限公司 林志明 +886-3-555-1234", "林志明", ("台陽電機股份有限公司", "+886-3-555-1234")),
        ("Regards\nMike, ACME Inc.", "Mike", ("ACME Inc.", "")),
        ("江苏云岭电器有限公司\n电话 0512-66668888", "", ("", "0512-66668888")),
    ],
)  # fmt: skip
def test_company_and_telephone_as_signed(text, name, found):
    told = writer.told(text, name, OURS)
    assert (told.get("customer_name", ""), told.get("contact_phone", "")) == found


@given(st.text(max_size=400), st.text(max_size=10))
@settings(deadline=None)
def test_any_text_can_be_signed(text, name):
    assert all(writer.told(text, name, OURS).values())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("麻烦今天给个说法，换货也行。", ("exchange",)),
        ("请安排维修或换货，谢谢", ("repair", "exchange")),
        ("要求全额退款并赔偿损失", ("refund", "compensation")),
        ("Could you replace them?", ("exchange",)),
        ("We expect a refund.", ("refund",)),
        ("不需要换货，请说明原因", ()),
        ("上次已换货，请说明原因", ()),
        ("维修记录见附件", ()),
        ("", ()),
    ],
)
def test_what_the_customer_wants(text, wanted):
    assert words.demands(words.plain(text)) == wanted


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("老化时有7个没输出，另外2个冒烟了！", "9"),
        ("刚才说的QT-18，又坏了2台，一共5台了", "5"),
        ("一共买了500台，坏了3台", "3"),
        ("坏了3台，一共500台", "3"),
        ("5台异响，还有3台没发货", "5"),
        ("外箱有3箱压坏，里面产品外壳开裂5台", "5"),
        ("4 pcs have no display, and another 2 pcs are noisy", "6"),
        ("out of 200 nos. supplied, 11 nos. are not starting and 3 nos. making abnormal sound.", "14"),
        ("上線測試發現25PCS無輸出", "25"),
        ("3台无输出，5台异响", ""),
    ],
)
def test_how_many_failed(text, quantity):
    assert freetext.running("", text).get("defect_qty", "") == quantity


@pytest.mark.parametrize(
    "text", ["批号好像是 A65-2611B", "批号应该是A65-2611B", "批号都是：A65-2611B", "lot no. was A65-2611B"]
)
def test_a_lot_that_is_not_sure_is_a_lot(text):
    assert freetext.running("", text) == {"lot_no": "A65-2611B"}


def test_a_fault_with_its_number_outweighs_an_order():
    text = "交期没问题。另外仓库反映上次到的YL-B120外箱有3箱压坏，里面产品外壳开裂5台，请处理一下。"
    assert kind.nature("回复：订单PO-2611-033交期", text).kind == "complaint"
    assert kind.nature("回复：订单PO-2611-033交期", "5台已发货，交期没问题").kind != "complaint"


def test_a_number_of_failed_units_is_a_complaint():
    text = "周经理，我们11月5日到货的YL-A90（批次A90-2610B）装机后烧了3台，有焦糊味，请马上派人过来看。"
    assert kind.nature("转发：客户反馈", text).kind == "complaint"
    assert kind.nature("咨询", "过温报警怎么设置？").kind == "unsure"


def test_traditional_characters_are_read():
    text = "本公司收到貴司YL-A65共1000PCS（批號A65-2610C），上線測試發現25PCS無輸出，不良率2.5%，請於三日內提供8D報告並安排換貨。"
    found = kind.nature("客訴", text)
    assert (found.kind, found.wants_8d) == ("complaint", True)
    assert freetext.running("", text) == {"lot_no": "A65-2610C", "defect_qty": "25"}
    assert phenomenon.phenomenon("客訴", text) == "無輸出"
    assert words.demands(words.plain(text)) == ("exchange",)


def test_a_line_that_waits_is_stopped():
    assert kind.nature("", "我们产线现在停着等，麻烦今天之内给个说法").line_stopped
    assert not kind.nature("", "产线没有停线").line_stopped


TWO = "您好，\n1、YL-A65 批号 A65-2611A 有 3 台无输出；\n2、KX-300 批号 KX300-2609B 有 2 台噪音大。\n请分别处理。 上海申达电子有限公司 王芳 021-55667788"


def test_a_mail_that_numbers_its_failures_is_as_many_complaints():
    one, two = items.apart(TWO)
    assert freetext.running("", one) == {"lot_no": "A65-2611A", "defect_qty": "3"}
    assert freetext.running("", two) == {"lot_no": "KX300-2609B", "defect_qty": "2"}
    assert all(writer.told(text, "王芳", OURS)["customer_name"] == "上海申达电子有限公司" for text in (one, two))


@pytest.mark.parametrize(
    "text",
    [
        "1、YL-A65 有 3 台无输出\n2、请尽快换货",  # the second is a wish
        "1、YL-A65 有 3 台无输出\n2、YL-A65 有 2 台异响",  # one product: one case
        "1、YL-A65 有 3 台无输出\n3、KX-300 有 2 台异响",  # something is missing
        "YL-A65 有 3 台无输出",
        "",
    ],
)
def test_other_lists_are_one(text):
    assert items.apart(text) == ()


@given(st.text(alphabet="123、.\n 台坏YL-A65", max_size=200))
@settings(deadline=None)
def test_nothing_numbered_is_lost(text):
    parts = items.apart(text)
    assert not parts or {line.strip() for part in parts for line in part.split("\n")} - {""}
