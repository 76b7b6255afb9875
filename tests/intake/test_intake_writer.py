# ruff: noqa: E501 (mails as they arrive, one to a line)
"""What a mail's own words and signature tell of its writer, of what he wants and of how much failed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qforms.intake import freetext, kind, words, writer

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


def test_a_line_that_waits_is_stopped():
    assert kind.nature("", "我们产线现在停着等，麻烦今天之内给个说法").line_stopped
    assert not kind.nature("", "产线没有停线").line_stopped
