"""What people write, and what it means: a row a case."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from support_forms import field

from qforms import problems
from qforms.forms import texts, types
from qforms.model import Choice, Field, Text

CST = timezone(timedelta(hours=8))
UTC = timezone.utc  # noqa: UP017 (beside CST it reads better)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CST)  # type: ignore[misc, arg-type]


def read(fld: Field, raw: Any) -> tuple[Any, str]:
    value, problem = types.parse(fld, raw, "表!B2")
    assert problem is None or (problem.where == "表!B2" and problem.field == "x")
    return value, problem.code if problem else ""


PCS = Text("台", "pcs")


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        (9, 9, ""),
        (9.0, 9, ""),
        ("9", 9, ""),
        ("９", 9, ""),
        (" 1,250 ", 1250, ""),
        ("12pcs", 12, ""),
        ("12 PCS.", 12, ""),
        ("12台", 12, ""),
        ("12（台）", 12, ""),
        ("共12台", None, "not_a_count"),
        ("两台", 2, ""),
        ("十二", 12, ""),
        ("一百零五", 105, ""),
        ("1.2万", 12000, ""),
        ("约30", 30, "approximate"),
        ("30左右", 30, "approximate"),
        ("about 30", 30, "approximate"),
        ("3箱(36只)", None, "ambiguous_number"),
        ("3箱", None, "ambiguous_number"),
        ("9.5", None, "not_a_count"),
        (9.5, None, "not_a_count"),
        (True, None, "not_a_count"),
        ("-3", None, "negative"),
        (-3, None, "negative"),
        ("若干", None, "not_a_count"),
        ("12abc", None, "not_a_count"),
        ("1,25", None, "ambiguous_number"),
        ("/", None, ""),
        ("无", None, ""),
        ("N/A", None, ""),
        ("—", None, ""),
        ("", None, ""),
        ("  ", None, ""),
        (None, None, ""),
        (float("nan"), None, "not_a_count"),
        (float("inf"), None, "not_a_count"),
        ("9" * 40, None, "not_a_count"),
    ],
)
def test_counts(raw: Any, value: int | None, problem: str) -> None:
    assert read(field("int", unit=PCS), raw) == (value, problem)


def test_ambiguous_number_names_its_readings() -> None:
    _, problem = types.parse(field("int"), "3箱(36只)")
    assert problem is not None
    assert problem.severity == "question"
    assert problem.context["readings"] == "3 / 36"


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        (1234.5, "1234.50", ""),
        (9044.800000000001, "9044.80", ""),
        ("¥1,234.50", "1234.50", ""),
        ("￥1234.5元", "1234.50", ""),
        ("RMB 860", "860.00", ""),
        ("860 CNY", "860.00", ""),
        ("1.2万元", "12000.00", ""),
        ("叁佰元整", "300.00", ""),
        ("人民币陆仟叁佰叁拾壹元叁角陆分", "6331.36", ""),
        ("-120.00", "-120.00", ""),
        ("(120.00)", "-120.00", ""),
        ("-¥120", "-120.00", ""),
        ("12.345", "12.35", "rounded"),
        ("约5000元", "5000.00", "approximate"),
        ("$100", None, "foreign_currency"),
        ("100 USD", None, "foreign_currency"),
        ("未定", None, "not_a_number"),
        ("壹元人民", None, "not_a_number"),
        ("0", "0.00", ""),
    ],
)
def test_money(raw: Any, value: str | None, problem: str) -> None:
    found, code = read(field("money"), raw)
    assert (found if found is None else str(found), code) == (value, problem)


@pytest.mark.parametrize(
    ("unit", "raw", "value"),
    [
        ("‰", "3.2‰", "3.2"),
        ("‰", "3.2", "3.2"),
        ("‰", "0.32%", "3.2"),
        ("‰", "3200ppm", "3.2"),
        ("%", "5%", "5"),
        ("%", "５％", "5"),
        ("%", 5, "5"),
        ("", "5%", "0.05"),
        ("", "1e3", "1E+3"),
        ("h", "2.5 h", "2.5"),
    ],
)
def test_rates_stand_in_the_unit_of_their_field(unit: str, raw: Any, value: str) -> None:
    assert read(field("dec", unit=Text(unit, unit)), raw) == (Decimal(value), "")


DAY = date(2026, 5, 6)


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        ("2026-05-06", DAY, ""),
        ("2026.5.6", DAY, ""),
        ("2026/5/6", DAY, ""),
        ("２０２６／５／６", DAY, ""),
        ("2026年5月6日", DAY, ""),
        ("2026 年 5 月 6 号", DAY, ""),
        ("26年5月6日", DAY, ""),
        ("20260506", DAY, ""),
        (20260506, DAY, ""),
        (46148, DAY, ""),
        (46148.0, DAY, ""),
        ("46148", DAY, ""),
        (46148.75, DAY, ""),
        (datetime(2026, 5, 6, 9, 30), DAY, ""),  # noqa: DTZ001 (as Excel gives it)
        (datetime(2026, 5, 5, 20, 0, tzinfo=UTC), DAY, ""),
        (DAY, DAY, ""),
        ("2026-05-06 14:20", DAY, ""),
        ("2026-05-06（三）", DAY, ""),
        ("2026-05-06 星期三", DAY, ""),
        ("6 May 2026", DAY, ""),
        ("6th May 2026", DAY, ""),
        ("May 6, 2026", DAY, ""),
        ("Wed, 6 May 2026", DAY, ""),
        ("6-May-2026", DAY, ""),
        ("16/5/2026", date(2026, 5, 16), ""),
        ("5/16/2026", date(2026, 5, 16), ""),
        ("5/5/2026", date(2026, 5, 5), ""),
        ("6/5/2026", None, "ambiguous_date"),
        ("26.5.6", None, "ambiguous_date"),
        ("5月6日", None, "year_missing"),
        ("5/6", None, "year_missing"),
        ("5.6", None, "year_missing"),
        ("2月29日", None, "year_missing"),
        ("2月31日", None, "impossible_date"),
        ("2026年2月31日", None, "impossible_date"),
        ("2026-13-01", None, "impossible_date"),
        ("2025-02-29", None, "impossible_date"),
        ("20261301", None, "impossible_date"),
        ("尽快", None, "bad_date"),
        ("2026年5月", None, "bad_date"),
        (3.5, None, "bad_date"),
        (True, None, "bad_date"),
        ("/", None, ""),
        ("无", None, ""),
    ],
)
def test_dates(raw: Any, value: date | None, problem: str) -> None:
    assert read(field("date"), raw) == (value, problem)


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        ("2026-05-06 14:20", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-06T14:20:00+08:00", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-06T06:20:00Z", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-06T14:20", at(2026, 5, 6, 14, 20), ""),
        ("2026年5月6日 14时20分", at(2026, 5, 6, 14, 20), ""),
        ("2026年5月6日下午2:20", at(2026, 5, 6, 14, 20), ""),
        ("2026.5.6 下午2点半", at(2026, 5, 6, 14, 30), ""),
        ("2026/5/6 下午 2：20", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-06 上午12:05", at(2026, 5, 6, 0, 5), ""),
        ("2026-05-06 中午1点", at(2026, 5, 6, 13, 0), ""),
        ("2026-05-06 2:20 PM", at(2026, 5, 6, 14, 20), ""),
        ("6 May 2026 2:20 pm", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-06 24:00", at(2026, 5, 7, 0, 0), ""),
        ("202605061420", at(2026, 5, 6, 14, 20), ""),
        ("2026-05-14（四）17:20", at(2026, 5, 14, 17, 20), ""),
        (46148.597222222222, at(2026, 5, 6, 14, 20), ""),
        (datetime(2026, 5, 6, 14, 20), at(2026, 5, 6, 14, 20), ""),  # noqa: DTZ001 (as Excel gives it)
        ("2026-05-06", at(2026, 5, 6), "time_missing"),
        (DAY, at(2026, 5, 6), "time_missing"),
        ("9999-12-31 24:00", None, "impossible_date"),
        ("0206-05-06 10:00", None, "impossible_date"),
        ("2026-05-06 25:00", None, "impossible_date"),
        ("2026-05-06 下班前", None, "bad_date"),
        ("5月6日 14:20", None, "year_missing"),
    ],
)
def test_times(raw: Any, value: datetime | None, problem: str) -> None:
    assert read(field("dt"), raw) == (value, problem)


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        ("red", "red", ""),
        ("RED", "red", ""),
        ("红色", "red", ""),
        ("Red", "red", ""),
        ("朱红", "red", ""),
        ("红/蓝", "red_blue", ""),
        ("■ 红色 □ 蓝色", "red", ""),
        ("□ 红色 ■ 蓝色", "blue", ""),
        ("□红色　☑蓝色", "blue", ""),
        ("[ ] 红色 [x] 蓝色", "blue", ""),
        ("( )红色 (√)蓝色", "blue", ""),
        ("红色□ 蓝色■", "blue", ""),
        ("√红色", "red", ""),
        ("□ 红色 □ 蓝色", None, ""),
        ("■ 红色 ■ 蓝色", None, "several_choices"),
        ("绿色", None, "not_a_choice"),
        ("不是红色", None, "not_a_choice"),
        ("红色、蓝色", None, "not_a_choice"),
        ("/", None, ""),
    ],
)
def test_choices(raw: Any, value: str | None, problem: str) -> None:
    assert read(field("enum"), raw) == (value, problem)


def test_a_choice_that_is_not_there_names_the_choices_and_the_nearest() -> None:
    _, problem = types.parse(field("enum"), "浅红色")
    assert problem is not None
    said = problems.say(problem, "zh", "颜色")
    assert said == "颜色 没有「浅红色」这一项。可选：红色、蓝色、红/蓝。最接近的是「红色」。请选一项。"
    assert "Choices: Red, Blue, Red / blue." in problems.say(problem, "en", "Colour")


@pytest.mark.parametrize(
    ("raw", "value", "problem"),
    [
        ("红色、蓝色", ("red", "blue"), ""),
        ("蓝色,红色;红/蓝", ("blue", "red", "red_blue"), ""),
        ("红色/蓝色", ("red", "blue"), ""),
        ("红/蓝", ("red_blue",), ""),
        ("■ 红色 ■ 蓝色 □ 红/蓝", ("red", "blue"), ""),
        (["red", "蓝色"], ("red", "blue"), ""),
        ("红色、红色", ("red",), ""),
        ("红色和蓝色", ("red", "blue"), ""),
        ("红色、绿色", None, "not_a_choice"),
    ],
)
def test_several_choices(raw: Any, value: tuple[str, ...] | None, problem: str) -> None:
    assert read(field("enum", many=True), raw) == (value, problem)


def test_a_numbered_choice_is_a_number() -> None:
    severity = field("int", choices=(Choice("1", Text("轻微", "Minor")), Choice("3", Text("严重", "Serious"))))
    for raw in (3, 3.0, "3", "严重", "Serious", "3 严重", "■ 3 严重 □ 1 轻微"):
        assert read(severity, raw) == (3, "")
    assert read(severity, 5) == (None, "not_a_choice")


@pytest.mark.parametrize("raw", ["是", "有", "Y", "yes", "√", "☑", True, "■是 □否", "□无 ■有", "已", 1])
def test_yes(raw: Any) -> None:
    assert read(field("bool"), raw) == (True, "")


@pytest.mark.parametrize("raw", ["否", "无", "N", "no", "×", False, "□是 ■否", "没有", "未", 0, "No."])
def test_no(raw: Any) -> None:
    assert read(field("bool"), raw) == (False, "")


@pytest.mark.parametrize(("raw", "problem"), [("□是 □否", ""), ("也许", "not_yes_or_no"), ("■是 ■否", "not_yes_or_no")])
def test_neither_yes_nor_no(raw: str, problem: str) -> None:
    assert read(field("bool"), raw) == (None, problem)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("str", "ＹＬ－Ａ65 ", "YL-A65"),
        ("str", "A65\u20112603C", "A65-2603C"),
        ("str", "A65\n2603C", "A65 2603C"),
        ("str", 260301.0, "260301"),
        ("str", date(2026, 5, 6), "2026-05-06"),
        ("str", "无", None),
        ("str", "/", None),
        ("text", "无", "无"),
        ("text", "N/A", "无"),
        ("text", "—", "无"),
        ("text", "第一行\r\n第二行_x000D_\n", "第一行\n第二行"),
        ("text", "电容，漏液（Ｃ7）", "电容，漏液（C7）"),
        ("text", "a\u200bb\x00c\ufeff", "abc"),
        ("user", "  李 四 ", "李 四"),
    ],
)
def test_texts(kind: str, raw: Any, value: str | None) -> None:
    assert read(field(kind), raw) == (value, "")


def test_a_text_may_not_be_longer_than_its_field() -> None:
    value, problem = types.parse(field("str", max_length=5), "abcdef")
    assert value is None
    assert problem is not None
    assert problems.say(problem, "zh", "型号") == "型号 有 6 个字，最多 5 个。请缩短，其余作为附件。"
    assert read(field("text"), "字" * 20_001) == (None, "too_long")


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("str", "SN1、SN2，SN3;SN1\nSN4", ("SN1", "SN2", "SN3", "SN4")),
        ("str", ["SN1", "", "SN2"], ("SN1", "SN2")),
        ("dept", "工程部/总经办", ("工程部", "总经办")),
        ("str", "无", None),
    ],
)
def test_several_texts(kind: str, raw: Any, value: tuple[str, ...] | None) -> None:
    assert read(field(kind, many=True), raw) == (value, "")


def test_limits_of_a_number() -> None:
    share = field("dec", min=Decimal(0), max=Decimal(100))
    assert read(share, 100) == (Decimal(100), "")
    assert read(share, 100.5) == (None, "too_large")
    assert read(share, -1) == (None, "negative")
    assert read(field("int", min=Decimal(1)), 0) == (None, "too_small")
    assert read(field("int", min=Decimal(-5)), -5) == (-5, "")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (
            "李四代王五 同意 2026-05-18 09:00 请尽快",
            {"name": "李四", "decision": "agree", "at": at(2026, 5, 18, 9), "opinion": "请尽快", "for_name": "王五"},
        ),
        ("李四", {"name": "李四"}),
        (
            {"name": "李四", "decision": "不同意", "at": "2026-05-18 09:00"},
            {"name": "李四", "decision": "refuse", "at": at(2026, 5, 18, 9)},
        ),
    ],
)
def test_signatures(raw: Any, value: dict[str, Any]) -> None:
    assert read(field("sig"), raw) == (value, "")


def test_rows_keep_what_is_right_and_tell_everything_that_is_wrong() -> None:
    lines = field("list", fields=(Field("item", Text("项目"), "text"), Field("qty", Text("数量"), "int")))
    rows, found = types.parse_all(
        lines, [{"item": "电容", "qty": "9"}, {"item": "", "qty": None}, {"item": "板", "qty": "若干", "size": 1}]
    )
    assert rows == ({"item": "电容", "qty": 9}, {"item": "板"})
    assert [(p.code, p.where) for p in found] == [("not_a_count", "x[3].qty"), ("unknown_field", "x[3]")]
    assert types.parse(lines, "第一行\n第二行")[0] == ({"item": "第一行"}, {"item": "第二行"})
    assert types.parse(lines, "无") == ((), None)
    assert types.parse(lines, 7)[1].code == "not_rows"  # type: ignore[union-attr]


def test_words_for_nothing_and_ditto() -> None:
    assert all(texts.is_none_word(w) for w in ("无", "/", "—", "N/A", " ／ ", "不适用"))
    assert not any(texts.is_none_word(w) for w in ("无输出", "1/2", "", None, 0))
    assert all(texts.is_ditto(w) for w in ("同上", "〃", '"', "ditto"))
    assert not texts.is_ditto("同上海")


@pytest.mark.parametrize(
    ("kind", "value", "zh", "en"),
    [
        ("dt", datetime(2026, 5, 14, 9, 20, tzinfo=UTC), "2026-05-14 17:20", "2026-05-14 17:20"),
        ("date", DAY, "2026-05-06", "2026-05-06"),
        ("money", Decimal("9044.8"), "9,044.80", "9,044.80"),
        ("bool", False, "否", "No"),
        ("enum", "red", "红色", "Red"),
        ("enum", "gone", "gone", "gone"),
        ("int", 5000, "5000", "5000"),
        ("sig", {"name": "李四", "for_name": "王五", "decision": "agree"}, "李四代王五 同意", "李四 for 王五 agree"),
        ("img", {"digest": "ab", "name": "1.jpg", "kind": "image/jpeg"}, "1.jpg", "1.jpg"),
        ("str", None, "", ""),
    ],
)
def test_what_people_read(kind: str, value: Any, zh: str, en: str) -> None:
    assert (types.show(field(kind), value, "zh"), types.show(field(kind), value, "en")) == (zh, en)


def test_rates_are_shown_in_the_digits_of_their_unit() -> None:
    assert types.show(field("dec", unit=Text("‰")), Decimal(3), "zh") == "3.000"
    assert types.show(field("dec", unit=Text("‰")), Decimal("3.2005"), "zh") == "3.201"
    assert types.show(field("dec", unit=Text("ppm")), Decimal("3200.5"), "zh") == "3201"
    assert types.show(field("dec", unit=Text("%")), Decimal(200) / 3, "zh") == "66.666667"
    assert types.show(field("dec"), Decimal("1E+3"), "zh") == "1000"
    assert types.show(field("enum", many=True), ("red", "blue"), "zh") == "红色、蓝色"
    assert types.show(field("enum", many=True), ("red", "blue"), "en") == "Red, Blue"


def test_every_problem_of_a_value_has_its_texts() -> None:
    codes = {
        "bad_date impossible_date year_missing ambiguous_date time_missing not_a_number not_a_count negative too_small "
        "too_large ambiguous_number approximate rounded foreign_currency not_a_choice several_choices not_yes_or_no "
        "too_long not_a_text not_rows unknown_field"
    }
    for code in " ".join(codes).split():
        text = problems.CATALOGUE[code].text
        assert "请" in text.zh
        assert "lease" in text.en
