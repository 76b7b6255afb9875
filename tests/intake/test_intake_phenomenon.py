# ruff: noqa: E501 (sentences as customers write them)
"""The phenomenon out of running text, its category, and the mechanism group that both lead to."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import support_rules
from hypothesis import given, settings
from hypothesis import strategies as st
from support_intake import NOW, NoOffice, delivered, foxmail, mail, part, taken, world

from qforms import rules
from qforms.intake import admit, phenomenon, read, words
from qforms.model import Record
from qforms.rules.memory import MemoryFacts, put

# what was written, what fails, its category
GOLDEN = [
    ("电源适配器 YL-A65 无输出，批号 A65-2603C，15 台", "无输出", "function"),
    ("电源适配器 YL-A65 无输出，批号 A65-2603C，9 台。请提供8D报告。", "无输出", "function"),
    ("YL-A65 无输出，9 台", "无输出", "function"),
    ("YL-A65 通电无输出 6台", "通电无输出", "function"),
    ("通电后无输出，指示灯不亮", "通电后无输出，指示灯不亮", "function"),
    (
        "您好！我司采购的贵司电源适配器YL-A65（批号：A65-2603C）共有3台通电后无输出，请尽快答复，谢谢！",
        "通电后无输出",
        "function",
    ),
    ("我司反馈：YL-A65电源在客户端使用过程中出现异响，数量12台，请分析原因。", "使用过程中出现异响", "noise_vibration"),
    ("6台YL-A65无输出", "无输出", "function"),
    ("贵司的产品外壳开裂，请尽快给出处理方案", "外壳开裂", "leakage_deformation"),
    ("客户投诉：风扇异响，SN：YL2603000123、YL2603000124", "风扇异响", "noise_vibration"),
    ("订单号 PO-2026-0456 的电源到货后发现外壳有划痕 5 件，要求换货", "外壳有划痕", "appearance"),
    ("充电 2 小时后，外壳发烫", "充电 2 小时后，外壳发烫", "performance"),
    ("装机通电测试时发现 3 台无输出", "装机通电测试时无输出", "function"),
    ("设备报 E-05 故障码，无法启动，共 4 台", "报 E-05 故障码，无法启动", "function"),
    ("水泵漏水，请派人维修", "漏水", "leakage_deformation"),
    ("3 台不良", "不良", ""),
    ("A65-2603B 这批 3 台不良", "不良", ""),
    ("最近收到的这批货缺少 2 个螺丝", "缺少 2 个螺丝", "wrong_missing"),
    ("无输出现象，15/5000，不良率0.3%", "无输出", "function"),
    ("5月6日现场2台电机启动时冒烟，未造成人员受伤", "启动时冒烟", "electrical_breakdown"),
    ("电源 冒烟了", "冒烟", "electrical_breakdown"),
    ("输出电压偏低，标称 12V 实测 9.8V，2026-05-06 抽检 3 件", "输出电压偏低", "performance"),
    ("上次买的充电器充不进电，怎么处理？", "充不进电", "function"),
    ("【投诉】YL-A65无输出", "无输出", "function"),
    ("投诉-YL-A65-无输出", "无输出", "function"),
    ("你们的电源质量太差了，用了3个月就不工作了", "用了3个月就不工作", "function"),
    ("外箱破损，标签贴错，请确认", "外箱破损，标签贴错", "packaging_label"),
    ("没有冒烟，只是无输出", "无输出", "function"),
    ("充电时屏幕会闪一下", "充电时屏幕会闪一下", ""),
    ("显示屏花屏，按键失灵，外壳划伤，接口松动，共 8 台", "显示屏花屏，按键失灵，外壳划伤", ""),
    ("老化 24 h 后 C7 电容鼓包，批次号A65-2603C", "老化 24 h 后 C7 电容鼓包", "electrical_breakdown"),
    ("我方于昨日收到贵司发来的 500 台 YL-B12，其中 6 台按键失灵", "按键失灵", "function"),
    ("问题：上电无反应\n电话：13812345678\n联系人：王经理", "上电无反应", "function"),
    (
        "Dear Sir,\nour YL-A65 adapters, lot A65-2603C, 9 pcs, no output after 5 min, please send an 8D report",
        "no output after 5 min",
        "function",
    ),
    ("We found 9 pcs of YL-A65 adapters with no output.", "no output", "function"),
    (
        "The fan of the power supply makes abnormal noise, S/N 12345678.",
        "fan of the power supply makes abnormal noise",
        "noise_vibration",
    ),
    ("Hello, 3 units of our order PO-7788 do not work. Kindly advise.", "do not work", "function"),
    ("The housing is cracked on 4 pcs. Please replace them.", "housing is cracked", "leakage_deformation"),
    ("YL-A65 is dead on arrival, qty 2", "dead on arrival", "function"),
    (
        "The output voltage is unstable under full load; lot number A65-2603C",
        "output voltage is unstable under full load",
        "performance",
    ),
    ("After 2 hours, the adapter overheats and shuts down.", "After 2 hours, overheats and shuts down", ""),
    ("6 out of 500 units failed", "failed", ""),
    ("Customer reported that the device won't turn on. Thanks and best regards", "won't turn on", "function"),
    (
        "no smoke, but a burning smell comes from the adapter",
        "burning smell comes from the adapter",
        "electrical_breakdown",
    ),
    ("One screw is missing in the carton", "One screw is missing in the carton", "wrong_missing"),
    (
        "尊敬的供应商：\n我司于2026年5月6日收到贵司送来的电源适配器（型号：YL-A65，批号A65-2603C），上线使用后发现有9台无输出，不良率为0.3%，已严重影响生产，请贵司于24小时内回复临时对策，并提供8D报告。\n客户：深圳某某电子\n李工",
        "上线使用后无输出",
        "function",
    ),
    ("产品YL-A65批次A65-2603C出现批量无输出问题，15台", "无输出", "function"),
    ("你好，昨天安装的热水器不加热，急！", "不加热", "function"),
    ("YL-A65 适配器插上后指示灯闪烁，无输出", "插上后指示灯闪烁，无输出", ""),
    ("有1台烧了，冒烟，幸好没有伤人", "烧了，冒烟", "electrical_breakdown"),
    ("电源线插头处打火，把插座烧黑了", "电源线插头处打火，把插座烧黑", "electrical_breakdown"),
    (
        "Hi team, we have an issue with the YL-A65 adapter. After about 10 minutes it shuts down and does not restart. Lot A65-2603C. 5 pcs affected.",
        "After about 10 minutes it shuts down and does not restart",
        "function",
    ),
    ("Of the 200 pcs delivered on 5 May 2026 (PO 4500123), 6 are dead on arrival.", "dead on arrival", "function"),
    (
        "The adapters get too hot to touch when charging at 60 W.",
        "too hot to touch when charging at 60 W",
        "performance",
    ),
    ("Our line is down! No output on 15 units.", "No output", "function"),
    ("1. 产品型号 YL-A65，2. 批号 A65-2603C，3. 问题：通电无输出，4. 数量 9 台", "通电无输出", "function"),
    ("开关电源一上电就跳闸", "一上电就跳闸", "function"),
    ("逆变器报过压故障，停机，数量：3", "报过压，停机", "function"),
    ("螺丝孔错位，盖板装不上", "螺丝孔错位，盖板装不上", "dimension"),
    ("来料检验发现：外壳色差，与样品不符，抽检20件，不良3件", "外壳色差", "appearance"),
    ("贵司产品在我司客户现场使用一个月左右陆续出现无输出的情况", "使用一个月左右陆续出现无输出", "function"),
    ("The customer complains about noise from the fan", "noise from the fan", "noise_vibration"),
    ("包装箱破损，里面产品也有划痕", "包装箱破损，里面产品也有划痕", ""),
    ("您好，YL-A65 无输出 王经理 13800138000", "无输出", "function"),
    ("同一批里又有 4 台开机后没有任何反应", "开机后没有任何反应", "function"),
    ("批号A65-2603C的电源有 3 台打不着火", "打不着火", "function"),
    ("适配器在 -10 ℃ 低温启动困难", "在 -10 ℃ 低温启动困难", "function"),
    ("product: YL-A65, problem: no output, qty: 9", "no output", "function"),
    ("It doesn't charge anymore, and the LED is off", "doesn't charge anymore", "function"),
    ("机器噪音很大", "噪音很大", "noise_vibration"),
]


@pytest.mark.parametrize(("text", "what", "category"), GOLDEN)
def test_the_phenomenon_alone(text, what, category):
    found = phenomenon.phenomenon("", text)
    assert (found, phenomenon.category(found)) == (what, category)


def test_the_subject_speaks_where_the_text_is_silent():
    assert phenomenon.phenomenon("投诉：YL-A65 无输出 15台", "见附件，请尽快处理") == "无输出"
    assert phenomenon.phenomenon("异响", "YL-A65 无输出") == "无输出"  # the text's own word before the subject's
    assert phenomenon.phenomenon("投诉", "充电时屏幕会闪一下，请处理") == "充电时屏幕会闪一下"


def test_something_stands_there_whatever_was_written():
    assert phenomenon.phenomenon("YL-A65", "请尽快处理") == "YL-A65"
    assert phenomenon.phenomenon("", "") == ""


def test_denied_words_tell_nothing():
    assert phenomenon.category("无异响，不漏水，没有冒烟") == ""
    assert phenomenon.category("no smoke, no noise") == ""
    assert phenomenon.phenomenon("", "无异响，无输出") == "无输出"


def test_every_category_is_one_of_the_form():
    fld = support_rules.procedures().catalogue.field("complaint", "defect_category")
    known = {c.code for c in fld.choices} | {"uncategorised", "generic", "harmless"}
    assert set(words.vocabulary_file()["faults"]) <= known


def test_no_word_means_two_categories():
    every = [w for ws in words.vocabulary_file()["faults"].values() for w in ws]
    assert len(every) == len(set(every))


_WORDS = st.lists(st.sampled_from([
    "无输出", "YL-A65", "，", "。", "9 台", "请提供8D报告", "批号A65-2603C", "外壳", "有划痕", "no output", ", ", "after 5 min", "\n", "您好", "未冒烟", "发现",
    "的", " ", "客户", "通电后", "电源", "12V", "5月6日", "(", "）", "E-05", "报",
]), max_size=14).map("".join)  # fmt: skip


@given(_WORDS | st.text(max_size=300))
@settings(deadline=None)
def test_a_phenomenon_is_one_short_line_and_stays_itself(text):
    found = phenomenon.phenomenon("", text)
    assert len(found) <= 80 and "\n" not in found and "\x00" not in found
    if phenomenon.names_fault(found):
        assert phenomenon.names_fault(phenomenon.phenomenon("", found))


# ---------------------------------------------------------------- from the mail to the mechanism group


def test_the_product_s_own_name_is_no_phenomenon():
    w = world()
    w.revise("YL-A65", name="恒流驱动盒")
    (outcome,) = taken(foxmail("恒流驱动盒 A65W 上电烧了，批号 A65-2603C，2 台"), w)
    assert outcome.values["defect_symptom"] == "上电烧了" and outcome.values["product_model"] == "YL-A65"


def test_the_category_stands_with_its_origin():
    (outcome,) = taken(foxmail("YL-A65 无输出，批号 A65-2603C，9 台"))
    assert outcome.values["defect_category"] == "function"
    assert outcome.where["defect_category"] == outcome.where["defect_symptom"] == "正文"


def test_a_category_that_was_given_stands():
    (outcome,) = taken(foxmail("产品型号：YL-A65\n问题现象：无输出\n问题分类：性能超差\n批号：A65-2603C\n数量：3"))
    assert outcome.values["defect_category"] == "performance"
    (outcome,) = taken(foxmail("产品型号：YL-A65\n问题现象：无输出\n问题分类：说不清楚\n批号：A65-2603C\n数量：3"))
    assert "defect_category" not in outcome.values


def test_an_answer_that_fills_in_the_phenomenon_fills_in_the_category():
    w = world()
    again = mail(part("现象：通电后无输出"), "Re: TS-202604-0001")
    outcome = next(o for o in taken(again, w) if o.form == "complaint")
    assert (outcome.values["defect_symptom"], outcome.values["defect_category"]) == ("通电后无输出", "function")
    thanks = mail(part("收到，我们等你们的结果"), "Re: TS-202604-0001", message_id="<m2@kehu.cn>")
    assert not [o for o in taken(thanks, w) if "defect_symptom" in o.values]


class Office:
    """The shipped forms and rules over facts in memory, and a customer who writes."""

    def __init__(self) -> None:
        self.procedures = support_rules.procedures()
        self.facts = MemoryFacts(self.procedures.catalogue)
        self.n = 0
        put(self.facts, [
            Record("department", "工程部", 0, "active", "", {"name": "工程部", "roles": ("engineering", "sales", "quality", "gmo"), "email": "e@womai.cn"}),
            Record("customer", "客户甲", 0, "active", "", {"name": "客户甲", "domains": ("kehu.cn",)}),
            Record("product", "YL-A65", 0, "active", "", {"model": "YL-A65", "name": "电源适配器", "family": "A65"}),
        ])  # fmt: skip
        self.drop({"form": "shipment", "values": {"product_model": "YL-A65", "lot_no": "A65-2603C", "quantity": 5000}})

    def drop(self, given):
        self.take(json.dumps(given).encode(), "folder", "a.json")

    def write(self, text):
        self.n += 1
        self.take(foxmail(text, message_id=f"<{self.n}@kehu.cn>"))

    def take(self, raw, channel="maildir", name=""):
        now = NOW + timedelta(hours=25 * self.n)
        found = read(delivered(raw, channel, name), self.procedures, NoOffice(), now)
        outcomes = admit(found, self.facts, self.procedures, now)
        self.facts.apply(rules.judge(outcomes, found, self.facts, self.procedures, now), now, found)

    def of(self, form):
        return [r for r in self.facts.records.values() if r.form == form]


def test_two_mails_about_the_same_failure_fall_into_one_group():
    office = Office()
    office.write("YL-A65 无输出，9 台，批号 A65-2603C")
    office.write("YL-A65 通电无输出 6台，批号 A65-2603C")
    office.write("YL-A65 外壳有划痕 1 台，批号 A65-2603C")
    groups = [r.values["mechanism_group"] for r in office.of("complaint")]
    assert groups[0] == groups[1] != groups[2]
    assert next((g.values["title"], g.values["key"]) for g in office.of("mechanism_group")) == (
        "无输出",
        "A65/function/",
    )


def test_three_mails_open_one_report_at_the_third():
    office = Office()
    for text, reports in (
        ("电源适配器 YL-A65 无输出，批号 A65-2603C，6 台。", 0),
        (
            "YL-A65 通电后无输出，指示灯不亮，共 9 台，批号 A65-2603C。请提供8D报告。",
            0,
        ),  # 15 of 5000 are 3.000 per mille
        ("our YL-A65 adapter, lot A65-2603C, 1 pcs, no output after 5 min, please send an 8D report", 1),
    ):
        office.write(text)
        assert len(office.of("market_abnormality")) == reports
    (report,) = office.of("market_abnormality")
    assert (report.values["n_defect"], report.values["n_shipped"]) == (16, 5000)
    assert len(office.of("mechanism_group")) == 1


def test_forms_without_a_category_get_the_same_one():
    office = Office()
    values = {"customer_name": "客户甲", "product_model": "YL-A65", "lot_no": "A65-2603C", "defect_qty": 2}
    office.drop({"form": "complaint", "values": {**values, "defect_symptom": "通电后无输出"}})
    office.write("YL-A65 无输出，9 台，批号 A65-2603C")
    assert {r.values["defect_category"] for r in office.of("complaint")} == {"function"}
    assert len(office.of("mechanism_group")) == 1
