"""What can safely be taken from running text: label lines of a form; lots, serials, quantities, numbers by the words
before them. What is only likely (a product model) is a candidate, to be looked up by admission."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from qforms.forms.labels import Labels
from qforms.intake.words import vocabulary_file
from qforms.model import Catalogue, Field, Form, Problem, Value
from qforms.traditional import simplified

_LABEL = re.compile(
    r"\s*+(?:[-•*·●□■>]|\(?\d{1,2}[.、)](?!\d))*+\s*+([^:：\s][^:：]{0,39}?)\s{0,40}[:：]\s*+(.*)", re.S
)  # possessive: a line of blanks takes no longer than another
_COLUMNS = re.compile(r"\s*(\S(?:[^\t]{0,28}\S)?)(?:\t+| {2,})\s*(\S.*)")
_AFTER_TEXT = re.compile(
    r"\s*(?:(?:收件人|发件人|主题|日期|时间|抄送|附件|联系人|联系电话|电话|手机|传真|邮箱|地址|"
    r"to|from|subject|date|cc|tel|phone|fax|address|e-?mail)\s*[:：]|"
    r"(?:烦请|还请|敬请|请|望)(?:你|您|贵)?(?:司|方|们)?(?:尽快|协助|处理|安排|查收|回复|确认)|"
    r"谢谢|多谢|此致|顺祝|祝好|以上|thanks|thank you|best regards|regards|--)",
    re.I,
)
_OTHER = re.compile(r"\s*[\u4e00-\u9fff]{2,8}\s*[:：]\s*\S")  # a label, if of nothing that the form knows
_PARTED = re.compile(r"[:：\t]|  ")  # a line without any of these has no label
_BREAK = re.compile(r"[，,;；|\t]|\s{2,}")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9@./_-])(?=[A-Za-z0-9/-]*[A-Za-z])(?=[A-Za-z0-9/-]*\d)[A-Za-z0-9]+(?:[-/.][A-Za-z0-9]+)*(?![A-Za-z0-9@_-])"
)
# possessive, so that many blanks take no longer than one
_IS = r"\s*+(?:(?:好像|大概|应该|可能|都|均|也)?\s*+(?:为|是|is|was|are)\s*+)?(?:[::#]\s*+)?"
_CHINESE = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_CANDIDATES = 20
_LINES = 400
_BREAKS = 200  # places of a line at which a label may begin


@dataclass(slots=True)
class Found:
    """Values by field, the text each was read from, where, what could not be read, and what belongs to the record."""

    values: dict[str, Value] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    record: dict[str, str] = field(default_factory=dict)


_labels: dict[int, tuple[Form, Labels]] = {}


def labels_of(form: Form) -> Labels:
    """The labels of a form, made once."""
    known = _labels.get(id(form))
    if known is None or known[0] is not form:
        known = _labels[id(form)] = (form, Labels(form))
    return known[1]


# ---------------------------------------------------------------- label lines


def label_lines(text: str, form: Form, catalogue: Catalogue) -> Found:
    """The 「标签：值」 lines of a text, typed as the form declares. Unknown labels are running text and stay so."""
    found = Found()
    labels = labels_of(form)

    def field_of(name: str) -> Field | None:
        return catalogue.field(form.name, name)

    for name, raw, line in _pairs(text, labels, field_of):
        where = f"正文第{line}行"
        if name.startswith("="):
            found.record.setdefault(name[1:], raw)
            continue
        fld = field_of(name)
        if fld is None or fld.type == "list" or name in found.raw or not raw:
            continue
        value, problem = catalogue.parse(fld, raw, where)
        found.raw[name], found.where[name] = raw, where
        if problem:
            found.problems.append(problem)
        if value is not None:
            found.values[name] = value
    return found


def _pairs(text: str, labels: Labels, field_of: Callable[[str], Field | None]) -> Iterator[tuple[str, str, int]]:
    """(field, text, line) of every labelled value; a long text goes on until a blank line, the next label, or what
    people write after all they had to say."""
    lines = text.split("\n")[:_LINES]
    open_: tuple[str, list[str], int] | None = None
    for number, line in enumerate(lines, 1):
        here = list(_in_line(line, labels)) if _PARTED.search(line) else []
        if here and open_:
            yield open_[0], "\n".join(open_[1]).strip(), open_[2]
            open_ = None
        for name, value in here[:-1]:
            yield name, value, number
        if here:
            name, value = here[-1]
            fld = field_of(name)
            if value and not (fld and fld.type == "text"):
                yield name, value, number
            else:
                open_ = (name, [value], number)
        elif open_:
            fld = field_of(open_[0])
            long = bool(fld and fld.type == "text")
            over = bool(open_[1][-1] and (_AFTER_TEXT.match(line) or _OTHER.match(line)))
            if line.strip() and not over and (long or not open_[1][-1]):
                open_[1].append(line.strip())
            if not line.strip() or over or not long:
                yield open_[0], "\n".join(open_[1]).strip(), open_[2]
                open_ = None
    if open_:
        yield open_[0], "\n".join(open_[1]).strip(), open_[2]


def _in_line(line: str, labels: Labels) -> Iterator[tuple[str, str]]:
    """The labelled values of one line: 型号：YL-A65，批号：A65-2603C; or two columns, as a table becomes in text."""
    last = max(line.rfind(":"), line.rfind("："))
    starts = [0, *(m.end() for m in islice(_BREAK.finditer(line, 0, last), _BREAKS))]
    heads = []
    for start in starts:
        match = _LABEL.match(line[start : start + 4000])
        name = _meaning(match[1], labels) if match else None
        if match and name:
            heads.append((start, start + match.start(2), name))
    for position, (_, value_at, name) in enumerate(heads):
        end = heads[position + 1][0] if position + 1 < len(heads) else len(line)
        yield name, line[value_at:end].strip().strip("，,;；|").strip()
    if not heads:
        yield from _in_columns(line, labels)


def _in_columns(line: str, labels: Labels) -> Iterator[tuple[str, str]]:
    match = _COLUMNS.fullmatch(line[:4000].rstrip())
    if match and (name := _meaning(match[1].rstrip(":："), labels)):
        yield name, match[2].strip()


def _meaning(label: str, labels: Labels) -> str | None:
    if name := labels.find(label):
        return name
    of_record = labels.record(label)
    return f"={of_record}" if of_record in {"number", "case_no"} else None


# ---------------------------------------------------------------- running text


@dataclass(frozen=True, slots=True)
class _Words:
    named: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]  # field, the words before its value, expression
    quantity: re.Pattern[str]
    defective: re.Pattern[str]
    not_defective: re.Pattern[str]
    model: re.Pattern[str]
    counted: re.Pattern[str]  # a quantity with the words that belong to it
    more: re.Pattern[str]  # what stands before a quantity that comes to the ones told before
    again: re.Pattern[str]
    whole: re.Pattern[str]


@lru_cache(1)
def _words() -> _Words:
    whole = vocabulary_file()
    data = whole["free"]

    def either(name: str) -> str:
        return "|".join(re.escape(w) for w in sorted(data[name], key=len, reverse=True))

    def before(fld: str, name: str, value: str) -> tuple[str, tuple[str, ...], re.Pattern[str]]:
        expression = rf"(?<![a-z])(?:{either(name)}){_IS}({value})"
        return fld, tuple(data[name]), re.compile(expression, re.I)

    code = r"(?=[a-z0-9./_-]*\d)[a-z0-9](?:[a-z0-9./_-]{1,38}[a-z0-9])"
    several = rf"{code}(?:(?:\s++(?:[、,/]\s*+)?|[、,/]\s*+){code})*"
    not_unit = either("not_unit")
    unit = "|".join(
        rf"{re.escape(w)}(?![a-z])" if w.isascii() else w for w in sorted(data["unit"], key=len, reverse=True)
    )
    model = "|".join(re.escape(w) for w in sorted(whole["around"]["model"], key=len, reverse=True))
    number = r"(?<![A-Za-z0-9.\-/约近第每一二两三四五六七八九十百])(\d{1,7}|[一二两三四五六七八九十百]{1,5})"
    return _Words(
        (
            before("lot_no", "lot", code),
            before("serial_nos", "serial", several),
            before("customer_complaint_no", "complaint_no", code),
            before("order_no", "order_no", code),
        ),
        re.compile(rf"{number}\s*+(?:{unit})(?!{not_unit})", re.I),
        re.compile("|".join(re.escape(w) for w in sorted({*data["defective"], *_fails(whole)}, key=len, reverse=True))),
        re.compile(either("not_defective")),
        re.compile(rf"(?<![a-z])(?:{model}){_IS}{code}", re.I),
        re.compile(
            rf"(?:(?:一共|合计|共计|总共|其中|不良数量|数量|quantity|qty|约|about|total)\s*+(?:[:为是有]\s*+)?)?"
            rf"(?<![少缺多漏了第每\d.])(?<![少缺多漏了]\s){number}\s*+(?:{unit})(?!{not_unit})"
            rf"(?:\s*+(?:out of|of)(?![a-z]))?|"
            rf"(?:不良数量|数量|quantity|qty)\s*+(?:[:为是]\s*+)?\d{{1,6}}(?!\d)",
            re.I,
        ),
        re.compile(rf"\s*(?:{either('more')})"),
        re.compile(either("again")),
        re.compile(rf"^\s*(?:{either('whole')})"),
    )


def _fails(whole: dict[str, Any]) -> Iterator[str]:
    """The words of what fails: a quantity beside one of them is what failed."""
    for category, some in whole["faults"].items():
        if category not in {"harmless", "wrong_missing"}:
            yield from (word for word in some if not word.isascii() or len(word) > 4)


def running(subject: str, text: str, known: Container[str] = ()) -> dict[str, str]:
    """Field -> text found, by the words before it: lot_no, serial_nos, defect_qty, order_no, customer_complaint_no.
    What is `known` already is not looked for."""
    whole = folded(f"{subject}\n{text}")
    low = whole.lower()
    found: dict[str, str] = {}
    for name, needles, expression in _words().named:
        if name not in known and any(needle in low for needle in needles):
            values = dict.fromkeys(m[1].strip() for m in expression.finditer(whole))
            if len(values) == 1 or (values and name == "serial_nos"):  # two lots: nobody can say which is meant
                found[name] = "、".join(values)
    if "defect_qty" not in known and (quantity := _quantity(whole)):
        found["defect_qty"] = str(quantity)
    return found


def identifiers(text: str) -> list[tuple[int, int]]:
    """Where numbers of lots, units, orders and models stand, with the words before them, and quantities."""
    words = _words()
    low = text.lower()
    named = [e for _, needles, e in words.named if any(n in low for n in needles)]
    return [m.span() for e in (*named, words.model, words.counted) for m in e.finditer(text)]


_HALF_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def folded(text: str) -> str:
    """Full-width letters, digits and signs made half-width, characters simplified; case and length kept, so that
    places stay true."""
    text = simplified(text[:50_000])
    for wide in _HALF_WIDTH.keys() & set(text):
        text = text.replace(wide, _HALF_WIDTH[wide])
    return text


def failed(text: str) -> bool:
    """Whether a text says of a number of units that they failed."""
    return _quantity(folded(text), sure=True) > 0


def _quantity(text: str, sure: bool = False) -> int:
    """How many units failed: the one quantity that a clause calls defective, else (unless `sure`) the only one not
    bought or sent; what comes to it (另外2台) added."""
    words = _words()
    called: list[int] = []
    plain_: list[int] = []
    again = False
    for clause in re.split(r"[,，。;；!！?？\n]|(?=其中)|(?=of which)|(?= and \d)", text):
        numbers = [_number(m[1]) for m in words.quantity.finditer(clause)]
        if len(numbers) != 1 or not numbers[0]:
            continue
        low = clause.lower()
        if called and low.startswith(("其中", "of which")):
            continue  # part of those that were counted already
        added = words.more.match(low) or (low.startswith(" and ") and words.defective.search(low))
        if called and added and not words.not_defective.search(low):
            called[-1] += numbers[0]  # 7台无输出，另外2台冒烟
            continue
        if called and again and words.whole.search(low) and numbers[0] >= max(called):
            return numbers[0]  # 又坏了2台，一共5台
        again = again or bool(words.again.search(low))
        if words.defective.search(low) and (not words.not_defective.search(low) or _close(low)):
            called.append(numbers[0])
        elif not words.not_defective.search(low):
            plain_.append(numbers[0])
    told = set(called) or (set() if sure else set(plain_))
    return told.pop() if len(told) == 1 else 0


def _close(clause: str) -> bool:
    """Whether a quantity is said of what failed, though the clause tells of a delivery: 到货的A90烧了3台, 其中3台."""
    words = _words()
    if "其中" in clause or "of which" in clause:
        return True
    said = words.quantity.search(clause)
    if said is None:
        return False
    before = len(clause[: said.start()].rstrip("了掉有约的 "))
    fails = (m.span() for m in words.defective.finditer(clause))
    return any(before <= end <= said.start() or start == said.end() for start, end in fails)


def _number(text: str) -> int:
    """12, 九, 十二, 二十, 一百二十; 0 for what is no number."""
    if text.isdigit():
        return int(text)
    total = part = 0
    for char in text:
        if char in _CHINESE:
            part = _CHINESE[char]
        else:
            total += (part or 1) * {"十": 10, "百": 100}[char]
            part = 0
    return total + part


def tokens(text: str) -> tuple[str, ...]:
    """Words of letters and digits that may be a model or a lot: YL-A65, A65-2603C. Each once, in order."""
    found = (m.group() for m in _TOKEN.finditer(folded(text)))
    return tuple(dict.fromkeys(t for t in found if 3 <= len(t) <= 40))[:_CANDIDATES]
