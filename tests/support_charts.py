"""One example of each chart of domain knowledge, CH1–CH16, with invented figures: for the gallery and the tests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qforms.documents.charts import picture
from qforms.documents.charts.figures import Answer, Cause, Chart, Fishbone, Ladder, Table

_MONTHS = ("25-06", "25-07", "25-08", "25-09", "25-10", "25-11", "25-12", "26-01", "26-02", "26-03", "26-04", "26-05")
_STEPS: tuple[tuple[int | str, ...], ...] = (
    *((1, 1, 9, 9, 0), (1, 1, 9, 9, 0), (2, 2, 8, 9, 0), (2, 2, 8, 9, 1), (7, "9.5", 4, 8, 2), (10, 12, 5, 6, 1)),
    *((14, 21, 3, 5, 1), (45, 40, 4, 4, 0), (60, 57, 3, 3, 1)),
)
_LIMITS = (("3‰ → 8001", Decimal(3)), ("1 % → 专题", Decimal(10)))


def pictures() -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each. Raises ChartsUnavailable."""
    for chart in examples():
        yield f"{chart.code} {chart.name}.png".replace("/", "-"), picture(chart)


def examples() -> Iterator[Chart]:
    """The charts of a month's report and an 8D, full width, in the order of their numbers."""
    source = "来源：投诉台账，截至 2026-06-01 08:00；不含使用不当、无故障、重复"
    yield Chart(
        "pareto",
        _one(
            ("功能失效", 41),
            ("异响振动", 17),
            ("性能超差", 11),
            ("外观缺陷", 8),
            ("尺寸/装配不符", 5),
            ("运输损坏", 4),
            ("错漏装", 2),
            ("包装/标识", 2),
            ("程序/参数", 3),
            ("其他", 2),
        ),
        "缺陷分类柏拉图",
        "2026-05-01 至 05-31　N = 95 台（计数台数）",
        source,
        "CH1",
        "台",
    )
    yield _trend(source)
    yield Chart(
        "matrix",
        _paynter(),
        "Paynter 图",
        "2026-W10 至 W22　N = 84 台",
        source,
        "CH3",
        "台",
        marks=(("W18", "05-03 围堵"), ("W20", "05-14 换件")),
    )
    ages = ("未到期", "≤ 24 h", "24–72 h", "3–7 天", "8–30 天", "> 30 天")
    yield Chart(
        "ageing",
        Table.of(
            (
                ("工程部", (7, 3, 2, 2, 1, 1)),
                ("质保部", (5, 2, 0, 1, 0, 0)),
                ("销售部", (9, 1, 1, 0, 0, 0)),
                ("采购部", (3, 0, 1, 2, 2, 0)),
                ("生产一车间", (2, 1, 0, 0, 0, 0)),
                ("总经办", (4, 0, 0, 0, 0, 0)),
            ),
            ages,
        ),
        "部门逾期账龄",
        "N = 50 项在办",
        "来源：时限，截至 2026-06-01 08:00；按责任部门计项数，不计案件数",
        "CH4",
        "项",
    )
    spans = ("0–1 天", "1–2 天", "2–3 天", "3–5 天", "5–7 天", "7–14 天", "14–30 天", "30–60 天", "> 60 天")
    yield Chart(
        "spread",
        Table.of(
            zip(
                spans,
                (
                    (6, 1, 0, 0),
                    (9, 4, 1, 0),
                    (5, 8, 2, 0),
                    (2, 12, 3, 1),
                    (1, 9, 4, 0),
                    (0, 8, 6, 2),
                    (0, 4, 5, 3),
                    (0, 1, 2, 2),
                    (0, 0, 1, 1),
                ),
                strict=True,
            ),
            ("使用不当", "个别缺陷", "批量", "严重"),
        ),
        "关闭周期分布",
        "2026-05 关闭　N = 103 件",
        source,
        "CH5",
        "件",
        marks=(("3.6", "中位 4.3 天"), ("6.9", "九成在 27 天内")),
    )
    yield Chart(
        "steps",
        Table.of(
            ((f"D{i}", row) for i, row in enumerate(_STEPS)),
            ("计划", "实际", "按期", "完成", "停在此步"),
        ),
        "8D 各步周期",
        "近 12 个月　N = 9 份",
        "来源：8D 报告各步计划与实际日期",
        "CH6",
    )
    kept = (
        (96, 92, 88),
        (97, 93, 90),
        (95, 94, 91),
        (98, 90, 85),
        (97, 95, 93),
        (99, 96, 95),
        (98, 95, 97),
        (96, 93, 92),
        (97, 96, 100),
        (99, 97, 100),
        (98, 95, 96),
        (97, 91, 94),
    )
    yield Chart(
        "lines",
        Table.of(zip(_MONTHS, kept, strict=True), ("24 h", "48 h", "72 h")),
        "时限达成率",
        "按时完成 / 到期，逾期未办计未达成",
        "来源：时限 CK01–CK11",
        "CH7",
        "%",
        limits=(("目标 95 %", Decimal(95)),),
    )
    flow = (
        (210, 205, 40),
        (230, 220, 50),
        (245, 240, 55),
        (260, 250, 65),
        (250, 262, 53),
        (240, 241, 52),
        (230, 225, 57),
        (215, 226, 46),
        (180, 170, 56),
        (255, 240, 71),
        (262, 258, 75),
        (271, 280, 66),
    )
    yield Chart(
        "backlog",
        Table.of(zip(_MONTHS, flow, strict=True), ("收到", "关闭", "月末未结")),
        "收、结、未结",
        "近 12 个月",
        "来源：投诉台账",
        "CH8",
        "件",
    )
    losses = tuple((4200 + 310 * i, 2600 - 90 * i, 1800 + 40 * (i % 5), 900, 700 + 25 * i, 350, 180) for i in range(12))
    yield Chart(
        "stacked",
        Table.of(
            zip(_MONTHS, losses, strict=True), ("材料费", "人工费", "运费", "挑选费", "客户索赔", "差旅费", "检测费")
        ),
        "质量损失",
        "8002 费用转移单已发出各行",
        "来源：费用明细；净额，不重复计",
        "CH9",
        "元",
    )
    rated = (
        ("4.2", 88),
        ("4.3", 95),
        ("4.1", 90),
        ("4.0", 84),
        ("4.4", 102),
        ("4.3", 99),
        ("4.5", 97),
        ("4.4", 90),
        ("4.2", 71),
        ("4.1", 88),
        ("3.9", 93),
        ("4.3", 101),
    )
    yield Chart(
        "lines",
        Table.of(zip(_MONTHS, rated, strict=True), ("平均分", "份数")),
        "客户满意度",
        "三项平均，1–5 分",
        "来源：回访记录；n 为当月有效份数",
        "CH10",
        "分",
        limits=(("满意 4 分", Decimal(4)),),
        hollow=("份数",),
    )
    yield Chart(
        "ranking",
        Table.of(
            (
                ("深圳启远智能科技有限公司", (31, 3200)),
                ("合肥众诚电器集团有限责任公司", (17, 2100)),
                ("苏州嘉联", (12, 1450)),
                ("常州宏泽", (9, 880)),
                ("宁波海纳", (7, 640)),
                ("无锡华茂", (4, 510)),
                ("青岛北斗", (3, 90)),
                ("终端用户 张女士", (2, None)),
                ("郑州中原", (2, 310)),
                ("武汉江城", (2, 220)),
                ("其余 1", (1, None)),
                ("其余 2", (1, None)),
            ),
            ("台", "ppm"),
        ),
        "客户排行",
        "2026-05　N = 91 台",
        source,
        "CH11",
        "台",
    )
    yield Chart(
        "spread",
        Table.of(
            zip(
                ("0 公里", "≤ 1 月", "≤ 3 月", "≤ 6 月", "≤ 12 月", "≤ 24 月", "> 24 月"),
                ((18,), (25,), (14,), (9,), (7,), (5,), (3,)),
                strict=True,
            ),
            ("台",),
        ),
        "使用时间分布",
        "2026-05　N = 81 台，另有 14 台不知购买日期",
        source,
        "CH12",
        "台",
    )
    yield Chart(
        "matrix",
        Table.of(
            (
                ("YL-A65 功能失效 C7", (0, 0, 2, 1, 0, 0)),
                ("YL-V30 异响 轴承", (0, 0, 0, 0, 4, 0)),
                ("YL-A45 外观 插头", (0, 0, 0, 0, 0, 0)),
            ),
            tuple(f"{i} 月" for i in range(1, 7)),
        ),
        "重复发生",
        "永久措施后 6 个月内　N = 3 组已关闭",
        "来源：机理组",
        "CH13",
        "台",
        title="3 组已关闭，2 组再发，共 7 台",
    )
    yield fishbone()
    yield ladder()
    yield Chart(
        "ranking",
        _one(("服务热线", 82), ("电子邮件", 61), ("在线平台", 44), ("经销商转达", 31), ("上门/面谈", 12), ("回访", 3)),
        "渠道分布",
        "2026-05　N = 233 件",
        source,
        "CH16",
        "件",
    )


def _one(*rows: tuple[str, int]) -> Table:
    return Table.of(((name, (value,)) for name, value in rows), ("台",))


def _trend(source: str) -> Chart:
    units = (3, 6, 0, 3, 3, 0, 4, 4, 7, 0, 3, 0, 0, 4, 4, 0, 8, 4, 4, 4, 7, 11, 4, 14, 7, 3)
    weeks = [f"{w:02}" for w in (*range(49, 53), *range(1, 23))]
    rows = [(f"W{w}", (u, 1200 if 4 < i < 13 else 3526)) for i, (w, u) in enumerate(zip(weeks, units, strict=True))]
    return Chart(
        "trend",
        Table.of(rows, ("台", "出货")),
        "周度不良率",
        "2025-W49 至 2026-W22　分母：近 13 周周均出货　N = 84,560 台",
        "空心点：出货不足 50 台或本周未完。灰线：p 图上限、均值。8001 和专题按机理组累计判定，此处两线仅作对照",
        "CH2",
        "‰",
        limits=_LIMITS,
        marks=(("W20", "05-12 围堵"), ("W21", "05-20 换电容")),
        hollow=("W22", "W07"),
    )


def _paynter() -> Table:
    weeks = [f"W{n}" for n in range(10, 23)]
    rows = (
        ("功能失效", (1, 2, 1, 3, 4, 6, 7, 9, 4, 2, 1, 1, 0)),
        ("异响/振动", (2, 1, 1, 2, 1, 1, 2, 1, 2, 1, 2, 1, 1)),
        ("外观缺陷", (0, 1, 0, 0, 2, 1, 0, 1, 1, 0, 0, 1, 0)),
        ("尺寸/装配不符", (0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0)),
    )
    return Table.of(rows, weeks)


def fishbone() -> Chart:
    bones = (
        (
            "人 Man",
            (
                Cause("作业员未培训", state="excluded", evidence="培训记录 E3"),
                Cause("换线时漏检首件", state="excluded"),
            ),
        ),
        ("机 Machine", (Cause("老化炉温度偏高", ("3 号工位 +6 ℃",), "excluded", "温度曲线 E5"),)),
        (
            "料 Material",
            (
                Cause("C7 电容批次 HF-2602 漏电流大", ("供应商换电解液", "来料只抽 5 只"), "confirmed", "E1 切片"),
                Cause("替代料未验证", state="excluded"),
                Cause("PCB 受潮", state="excluded", evidence="E7"),
            ),
        ),
        ("法 Method", (Cause("老化时间 2 h 偏短", ("规范未定上限",)), Cause("波峰焊温度曲线", state="excluded"))),
        ("环 Environment", (Cause("客户产线 40 ℃", state="excluded"),)),
        ("测 Measurement", (Cause("来料漏电流未测", ("检验规范 2019 版",), "confirmed", "E2"),)),
    )
    figures = Fishbone("YL-A65 批号 A65-2603C，5000 台中 16 台通电 5 min 内输出端 0 V", bones)
    return Chart(
        "fishbone",
        figures,
        "鱼骨图",
        "8003-202605-0001　■ 已确认，划线为已排除",
        "来源：8D 报告 D4",
        "CH14",
        width=174,
        height=125,
    )


def ladder() -> Chart:
    occur = (
        Answer("为什么输出 0 V？", "C7 失效短路，保护动作", "E1", True),
        Answer("为什么 C7 失效？", "漏电流大，发热鼓起", "E1", True),
        Answer("为什么漏电流大？", "HF-2602 批电解液含水超标", "供应商报告", True),
        Answer("为什么含水超标？", "供应商更换电解液未通知", "变更记录", True),
    )
    escape = (
        Answer("为什么没有检出？", "来料不测漏电流", "检验规范", True),
        Answer("为什么不测？", "规范 2019 版未列此项", "", True),
        Answer("为什么未列？", "编规范时按通用电容，未看应用温度"),
    )
    system = (
        Answer("为什么变更未通知？", "质量协议没有变更通知条款", "", True),
        Answer("为什么没有条款？", "协议模板 2015 年后未评审"),
    )
    columns = (
        ("发生", occur, "供应商更换电解液，C7 漏电流超标"),
        ("流出", escape, "来料检验规范缺漏电流项"),
        ("系统", system, ""),
    )
    return Chart(
        "ladder",
        Ladder(columns),
        "5-Why 阶梯",
        "8003-202605-0001　√ 已验证",
        "来源：8D 报告 D4",
        "CH15",
        width=174,
        height=104,
    )
