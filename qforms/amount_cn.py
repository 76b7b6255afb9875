"""Amounts in Chinese capitals, as on cheques and deduction notices: 人民币陆仟叁佰叁拾壹元叁角陆分.

After the rules for filling in bills (支付结算办法, annex 1): 零 for a gap, once however long; 整 after 元 and after 角;
零 between 元 and 分 when there is no 角."""

from __future__ import annotations

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")
LIMIT = Decimal(10) ** 16
PREFIX = "人民币"
_VALUE = {d: i for i, d in enumerate(DIGITS)} | {d: i for i, d in enumerate("〇一二三四五六七八九")} | {"两": 2}
_PLACE = {"拾": 10, "佰": 100, "仟": 1000, "十": 10, "百": 100, "千": 1000}


def capitals(amount: Decimal) -> str:
    """The amount (two decimals at most, below 10^16) in capitals, with 人民币 before it; then 负 if it is negative.

    Raises ValueError beyond those limits."""
    if amount != round(amount, 2) or abs(amount) >= LIMIT:
        raise ValueError(f"{amount} cannot be written in capitals")
    cents = int(abs(amount) * 100)
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    sign = "负" if amount < 0 else ""
    whole = _whole(yuan) + "元" if yuan else ""
    if not jiao and not fen:
        return f"{PREFIX}{sign}{whole or '零元'}整"
    middle = DIGITS[jiao] + "角" if jiao else "零" if yuan else ""
    return f"{PREFIX}{sign}{whole}{middle}{DIGITS[fen] + '分' if fen else '整'}"


def _whole(number: int) -> str:
    """A whole number above 0, by groups of four digits; 零 where a group before it ended or begins with a gap."""
    groups = [number // 10000**i % 10000 for i in range(4)]
    text = ""
    for i in reversed(range(4)):
        if not groups[i]:
            continue
        gap = text and (groups[i] < 1000 or not groups[i + 1])
        text += ("零" if gap else "") + _group(groups[i]) + _unit(i, groups)
    return text


def _unit(i: int, groups: list[int]) -> str:
    """万亿 is said once: the 亿 stands after the lower of the two groups."""
    return "万" if i == 3 and groups[2] else GROUPS[i]


def _group(number: int) -> str:
    text, gap = "", False
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return text


def parse(text: str) -> Decimal:
    """The amount that capitals (or ordinary Chinese numerals with 元, 角, 分) mean. Raises ValueError."""
    rest = text.strip().removeprefix(PREFIX).strip().replace("圆", "元").rstrip("整正")
    negative, rest = rest.startswith("负"), rest.removeprefix("负")
    yuan, sign, small = rest.rpartition("元") if "元" in rest else ("", "", rest)
    jiao, has_jiao, fen = small.rpartition("角")
    if not (sign or has_jiao or fen.endswith("分")):
        raise ValueError(text)
    cents = _read(yuan) * 100 + _read(jiao) * 10 + _read(fen.removesuffix("分"))
    return Decimal(-cents if negative else cents).scaleb(-2)


def _read(text: str) -> int:
    for mark, unit in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = text.rpartition(mark)
        if found:
            return _read(head) * unit + _read(tail)
    total, digit = 0, 0
    for char in text:
        if char in _PLACE:
            total, digit = total + (digit or 1) * _PLACE[char], 0
        elif char in _VALUE:
            digit = _VALUE[char]
        else:
            raise ValueError(text)
    return total + digit
