"""Dates, spans, rates and fixed words as they stand on paper (zh and en)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from qforms.model import Lang

_WEEKDAY = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_CHINESE = "一二三四五六七八九十"
_MINUTE, _HOUR = 60, 3600

WORDS: dict[str, tuple[str, str]] = {
    "please_fill": (
        "请{who}{by}填写第{parts}部分，回复本邮件。",
        "{who}: please fill in part {parts}{by} and reply to this mail.",
    ),
    "by": ("在 {at} 前", " by {at}"),
    "somebody": ("责任单位", "Responsible unit"),
    "changed": ("第 {revision} 版更改：{labels}。", "Changed in revision {revision}: {labels}."),
    "fill_note": ("{by}浅蓝格为填写处，* 必填", "{by}light blue cells are yours to fill in, * required"),
    "reply_by": ("{at} 前回复；", "Reply by {at}; "),
    "above": ("高于限值 {limit}", "above the limit of {limit}"),
    "not_above": ("未超过限值 {limit}", "not above the limit of {limit}"),
    "that_is": ("，即 {ppm} ppm", ", that is {ppm} ppm"),
    "test": ("整数判定", "Integer test"),
    "since": ("触发时间", "Triggered at"),
    "limit": ("发出时限", "To be issued by"),
    "holds": ("{test}，条件成立。", "{test}: holds."),
    "holds_not": ("{test}，条件不成立。", "{test}: does not hold."),
    "of_complaint": ("{at}（投诉 {number}）", "{at} (complaint {number})"),
    "in_time": ("{due}；{span} 发出，按时", "{due}; issued after {span}, in time"),
    "late": ("{due}；{span} 发出，迟 {late}", "{due}; issued after {span}, late by {late}"),
    "over": ("超过 {limit}", "Above {limit}"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "equal": ("否（等于）", "no (equal)"),
    "photo": ("图 {n}  {caption}", "Fig. {n}  {caption}"),
    "no_photo": ("（{name} 打不开，见附件）", "({name} cannot be shown, see the attachment)"),
    "prepared": ("编制 {at}", "prepared {at}"),
    "countersigned": ("会签", "Countersigned"),
    "sign": ("  理由：", "  reason: "),
    "year": ("{year} 年", "{year}"),
    "blank": ("空白表", "blank form"),
}


def say(word: str, lang: Lang, **values: object) -> str:
    return WORDS[word][0 if lang == "zh" else 1].format(**values)


def moment(at: datetime) -> str:
    """2026-05-14 17:20"""
    return f"{at:%Y-%m-%d %H:%M}"


def deadline(at: datetime, lang: Lang) -> str:
    """2026-05-14（四）17:20; in English 2026-05-14 (Thu) 17:20."""
    day = _WEEKDAY[lang][at.weekday()]
    return f"{at:%Y-%m-%d}（{day}）{at:%H:%M}" if lang == "zh" else f"{at:%Y-%m-%d} ({day}) {at:%H:%M}"


def span(length: timedelta) -> str:
    """55 h 15 min; whole minutes, rounded down."""
    seconds = max(0, int(length.total_seconds()))
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    return " ".join(p for p in (f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else "") if p)


def count(number: int | Decimal) -> str:
    """Up to 9999 plain, then with commas."""
    return f"{number:,}" if not -10_000 < number < 10_000 else str(number)


def rate(part: int, whole: int, factor: int, limit: Decimal | None = None) -> str:
    """`part` × `factor` / `whole` with three decimals (‰) or two (%); more, when rounding would hide that it is not
    exactly at the limit."""
    exact: Decimal = Decimal(part) * factor / Decimal(whole)
    places = 3 if factor == 1000 else 2
    shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    while limit is not None and shown == limit != exact and places < 9:
        places += 1
        shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{shown}"


def ordinal(number: int) -> str:
    """1 -> 一 … 12 -> 十二."""
    if number <= 10:
        return _CHINESE[number - 1]
    tens, units = divmod(number, 10)
    return ("" if tens == 1 else _CHINESE[tens - 1]) + "十" + (_CHINESE[units - 1] if units else "")


def listed(items: list[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(items)
