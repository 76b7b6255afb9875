"""Numbers as people write them: 1,250 · ¥9,044.80 · 12pcs · 约30 · 3.2‰ · 1.2万 · 两台 · 3箱(36只)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from qforms import amount_cn
from qforms.forms.dates import Unclear
from qforms.forms.texts import narrow, words

COUNTED = words(
    "pcs pc piece pieces ea each unit units set sets nos 台 个 個 只 隻 件 套 支 块 片 把 部 条 根 张 颗 粒 枚 人 次 "
    "天 日 项 h hr hrs 小时 d day days min 分钟 s"
)
PACKED = words("箱 盒 包 托 卷 袋 打 捆 车 批 板 栈板 box boxes carton cartons ctn pallet pallets dozen bag")
TIMES = {"万": Decimal(10000), "千": Decimal(1000), "亿": Decimal(10**8), "k": Decimal(1000), "w": Decimal(10000)}
PER = {"%": Decimal(100), "‰": Decimal(1000), "ppm": Decimal(1000000)}
CENT = Decimal("0.01")
SURE = Decimal("0.0001")  # a float's last digits; more than that was meant

_ABOUT = re.compile(r"^(?:大约|大概|约|近|approx\.?|about|ca\.?|~|≈)\s*|(?:左右|上下|多|余|来)$", re.I)
_NUMBER = re.compile(
    r"^([+-]?\d+(?:\.\d+)?e[+-]?\d+|[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+)\s*(.*)$", re.I
)
_MONEY_MARK = re.compile(r"^(?:¥|rmb|cny|人民币)\s*|\s*(?:元整|元|圆|块钱|块|rmb|cny)$", re.I)
_FOREIGN = re.compile(r"\$|€|£|usd|eur|hkd|jpy|gbp|美元|欧元|港币|日元|美金", re.I)
_CN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "〇": 0}
_CN_UNITS = {"十": 10, "百": 100, "千": 1000}
_CN = re.compile(r"^([零〇一二两俩三四五六七八九十百千万]+)\s*(.*)$")


def amount(raw: Any, units: tuple[str, ...] = ()) -> tuple[Decimal, str]:
    """A number and the code of a doubt about it ("" when there is none). `units` are the field's own unit words.

    Raises Unclear: not_a_number, ambiguous_number."""
    if isinstance(raw, bool):
        raise Unclear("not_a_number")
    if isinstance(raw, (int, Decimal)):
        return _finite(Decimal(raw)), ""
    if isinstance(raw, float):
        return _finite(Decimal(repr(raw))), ""
    text = narrow(raw)
    bare = _ABOUT.sub("", _ABOUT.sub("", text).strip()).strip()
    doubt = "approximate" if bare != text else ""
    value, rest = _leading(bare)
    unit = rest.strip().strip("()").strip()
    if unit and unit[0] in TIMES and unit[:2] not in units:
        value, unit = value * TIMES[unit[0]], unit[1:].strip()
    if unit and not _is_unit(unit, units):
        if any(c.isdigit() for c in unit) or unit.lower() in PACKED:
            raise Unclear("ambiguous_number", readings=" / ".join(re.findall(r"\d[\d,]*(?:\.\d+)?", bare)))
        raise Unclear("not_a_number")
    return value, doubt


def _is_unit(unit: str, units: tuple[str, ...]) -> bool:
    known = {u.lower() for u in units if u}
    return unit.lower().rstrip(".") in known or unit.lower().rstrip(".") in COUNTED


def _leading(text: str) -> tuple[Decimal, str]:
    if found := _NUMBER.match(text):
        try:
            return _finite(Decimal(found[1].replace(",", ""))), found[2]
        except InvalidOperation:
            raise Unclear("not_a_number") from None
    if found := _CN.match(text):
        return Decimal(chinese(found[1])), found[2]
    raise Unclear("not_a_number")


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise Unclear("not_a_number")
    return value


def chinese(text: str) -> int:
    """A whole number in Chinese numerals: 两百零五 is 205, 一二三 is 123."""
    if all(c in _CN_DIGITS for c in text):
        return int("".join(str(_CN_DIGITS[c]) for c in text))
    head, _, tail = text.rpartition("万")
    if head:
        return chinese(head) * 10000 + (chinese(tail) if tail else 0)
    total, digit = 0, 0
    for char in tail:
        if char in _CN_UNITS:
            total, digit = total + (digit or 1) * _CN_UNITS[char], 0
        else:
            digit = _CN_DIGITS[char]
    return total + digit


def count(raw: Any, units: tuple[str, ...]) -> tuple[int, str]:
    """A whole number; raises Unclear (not_a_count as well)."""
    try:
        value, doubt = amount(raw, units)
    except Unclear as fault:
        raise Unclear("not_a_count") if fault.code == "not_a_number" else fault from None
    if value != value.to_integral_value() or abs(value) > 10**15:
        raise Unclear("not_a_count")
    return int(value), doubt


def money(raw: Any, units: tuple[str, ...]) -> tuple[Decimal, str]:
    """Yuan with two decimals; raises Unclear (foreign_currency as well)."""
    if isinstance(raw, str):
        text = narrow(raw)
        if _FOREIGN.search(text):
            raise Unclear("foreign_currency")
        if not re.search(r"\d", text) and re.search("[元圆角分]", text):
            return _capitals(text), ""
        negative = bool(re.fullmatch(r"\(.*\)", text))
        bare = _MONEY_MARK.sub("", _MONEY_MARK.sub("", text.strip("()") if negative else text).strip()).strip()
        sign = "-" if bare.startswith("-") else ""
        value, doubt = amount(sign + _MONEY_MARK.sub("", bare.lstrip("-")).strip(), units)
        value = -value if negative else value
    else:
        value, doubt = amount(raw)
    cents = round_cents(value)
    return cents, doubt or ("rounded" if abs(cents - value) > SURE else "")


def _capitals(text: str) -> Decimal:
    try:
        return amount_cn.parse(text)
    except ValueError:
        raise Unclear("not_a_number") from None


def round_cents(value: Decimal) -> Decimal:
    """Half up to two decimals, with zero never negative."""
    try:
        return value.quantize(CENT, ROUND_HALF_UP) + 0
    except InvalidOperation:
        raise Unclear("not_a_number") from None


def decimal(raw: Any, units: tuple[str, ...]) -> tuple[Decimal, str]:
    """A number in the field's own unit: 5% in a field of ‰ is 50; in a field without a unit it is 0.05."""
    if isinstance(raw, str):
        text = narrow(raw)
        for mark, parts in PER.items():
            if text.lower().endswith(mark):
                value, doubt = amount(text[: -len(mark)].strip())
                own = next((PER[u] for u in units if u in PER), Decimal(1))
                return (value * own / parts if own != parts else value), doubt
    return amount(raw, units)
