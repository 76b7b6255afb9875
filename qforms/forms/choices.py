"""Choices and yes/no as people mark them: by code, by label in either language, by alias, or by a ticked box."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from qforms.forms.dates import Unclear
from qforms.forms.source import nearest
from qforms.forms.texts import narrow, words
from qforms.model import Choice
from qforms.traditional import simplified

TICKED = "■☑☒✔✓√●◉▣"
EMPTY = "□☐○◯▢"
YES = words("是 有 y yes true t 1 对 √ ✓ ✔ ☑ ■ 需要 需 已 会 on")
NO = words("否 无 n no false f 0 不 不是 没有 × ✗ ✘ x 不需要 不需 未 不会 off □ ☐")

_BOX = re.compile(rf"\[\s*[xXvV√✓✔*]\s*\]|\(\s*[xXvV√✓✔*]\s*\)|\[\s*\]|\(\s*\)|[{TICKED}{EMPTY}]")
_SPLIT = re.compile(r"[、,，;；\n]+")
_SLASH = re.compile(r"\s*[/+&]\s*|\s+and\s+|\s*和\s*")
_LOOSE = re.compile(r"[\s_\-—·.:]+")


def _key(text: str) -> str:
    return _LOOSE.sub("", simplified(narrow(text))).casefold()


def _match(text: str, choices: Sequence[Choice]) -> str | None:
    """The code of the choice that a text names: its code first, then labels and aliases."""
    wanted = _key(text)
    if not wanted:
        return None
    if (code := _index(choices).get(wanted)) is not None:
        return code
    bare = re.match(r"^[（(]?[A-Za-z]?\d{1,4}[)）.、:：\s-]+(.+)$", text.strip())  # 「P1 特急」「3 严重」「(2) 一般」
    return _match(bare[1], choices) if bare and bare[1] != text else None


_indexes: dict[int, tuple[Sequence[Choice], dict[str, str]]] = {}  # by identity: choices live as long as their form


def _index(choices: Sequence[Choice]) -> dict[str, str]:
    """Every word that names a choice -> its code; a code goes before a label, a label before an alias."""
    known = _indexes.get(id(choices))
    if known is None or known[0] is not choices:
        index: dict[str, str] = {}
        for words_of in (
            lambda c: (c.code,),
            lambda c: (c.label.zh, c.label.en),
            lambda c: c.aliases,
        ):
            for choice in choices:
                for word in words_of(choice):
                    index.setdefault(_key(word), choice.code)
        index.pop("", None)
        known = _indexes[id(choices)] = (choices, index)
    return known[1]


def one(raw: Any, choices: Sequence[Choice]) -> str | None:
    """The code chosen, or None when every box is empty. Raises Unclear: not_a_choice, several_choices."""
    text = narrow(raw)
    if (code := _match(text, choices)) is not None:
        return code
    codes = many(raw, choices, split=bool(_BOX.search(text)))
    if len(codes) > 1:
        raise Unclear("several_choices", **_told(choices))
    return codes[0] if codes else None


def many(raw: Any, choices: Sequence[Choice], split: bool = True) -> tuple[str, ...]:
    """The codes chosen, each once, in the order written. Raises Unclear: not_a_choice."""
    parts = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    found: list[str] = []
    for part in parts:
        found += _codes(narrow(part) if not isinstance(part, str) else part, choices, split)
    return tuple(dict.fromkeys(found))


def _codes(text: str, choices: Sequence[Choice], split: bool) -> list[str]:
    if (ticked := _ticked(text)) is not None:
        return [_must(t, choices) for t in ticked]
    if (code := _match(text, choices)) is not None:
        return [code]
    pieces = [p for p in _SPLIT.split(text) if p.strip()] if split else [text]
    found: list[str] = []
    for piece in pieces:
        code = _match(piece, choices)
        if code is not None or not split:
            found.append(code if code is not None else _must(piece, choices))
        else:
            found += [_must(p, choices) for p in _SLASH.split(piece) if p.strip()]
    return found


def _must(text: str, choices: Sequence[Choice]) -> str:
    code = _match(text, choices)
    if code is None:
        labels = [w for c in choices for w in (c.label.zh, c.label.en) if w]
        raise Unclear("not_a_choice", raw=narrow(text), **_told(choices), **guess(nearest(narrow(text), labels)))
    return code


def _told(choices: Sequence[Choice]) -> dict[str, str]:
    return {
        "choices": "、".join(c.label.zh for c in choices),
        "choices_en": ", ".join(c.label.en or c.label.zh for c in choices),
    }


def guess(near: str) -> dict[str, str]:
    """What was probably meant, as the problem texts show it: `near`, and as a sentence in both languages."""
    return {
        "near": near,
        "near_zh": f"最接近的是「{near}」。" if near else "",
        "near_en": f"Nearest: {near}. " if near else "",
    }


def _ticked(text: str) -> list[str] | None:
    """The labels of the boxes that are ticked (「■ 批量 □ 个别」, 「批量□ 个别■」), or None when there is no box."""
    one_line = " ".join(text.split())
    boxes = list(_BOX.finditer(one_line))
    if not boxes:
        return None
    leading = boxes[0].start() == 0 or not one_line[: boxes[0].start()].strip(" :：")
    ends = [b.start() for b in boxes[1:]] + [len(one_line)]
    starts = [0] + [b.end() for b in boxes[:-1]]
    found = []
    for i, box in enumerate(boxes):
        label = one_line[box.end() : ends[i]] if leading else one_line[starts[i] : box.start()]
        if not _is_empty(box[0]):
            found.append(label.strip(" 、,，;；/"))
    return [f for f in found if f] or []


def _is_empty(box: str) -> bool:
    return box in EMPTY or not box.strip("[]() ")


def yes_no(raw: Any) -> bool | None:
    """True, False, or None when nothing is ticked. Raises Unclear: not_yes_or_no."""
    if isinstance(raw, bool):
        return raw
    text = simplified(narrow(raw)).casefold().rstrip("。.!")
    if text in YES or text in NO:
        return text in YES
    ticked = _ticked(narrow(raw))
    if ticked is None:
        raise Unclear("not_yes_or_no")
    words = {w.casefold() for w in ticked}
    if not words:
        return None
    if words <= YES or words <= NO:
        return words <= YES
    raise Unclear("not_yes_or_no")
