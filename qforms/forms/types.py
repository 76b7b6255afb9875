"""The types of fields: what a person wrote -> a value (`parse`), a value -> what a person reads (`show`), and JSON.

| type | value |                                | type | value |
| str, text, ref, user, dept | str             | date | date |
| int | int                                    | dt | aware datetime |
| dec, money | Decimal (money: two decimals)   | list | tuple of row dicts |
| bool | bool                                  | sig | {name, decision, at, opinion, for_name} |
| enum | the choice's code                     | file, img | {digest, name, kind} |

An `int` or `str` field with choices holds the code of one of them. `many` makes a tuple of such values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from qforms.forms import choices, dates, numbers, texts
from qforms.forms.dates import Unclear
from qforms.forms.plain import plain, revive
from qforms.forms.shown import DECISIONS, SHANGHAI, show
from qforms.forms.texts import words
from qforms.model import Field, Problem, Value

__all__ = ["SHANGHAI", "TYPES", "limit", "parse", "parse_all", "plain", "revive", "show"]

TYPES = words("str text int dec money bool enum date dt ref user dept list file img sig")
WORDS = frozenset({"str", "text", "ref", "user", "dept"})
ROWS = frozenset({"list", "sig", "file", "img"})
MAX_LENGTH = {"text": 20_000, "str": 500, "ref": 200, "user": 100, "dept": 100}
SIG_KEYS = ("name", "decision", "at", "opinion", "for_name")
FILE_KEYS = ("digest", "name", "kind")
QUESTIONS = words("year_missing ambiguous_date ambiguous_number approximate several_choices foreign_currency rounded")
WARNINGS = frozenset({"time_missing"})
_SPLIT = re.compile(r"[、,，;；\n]+")
_SPLIT_NAMES = re.compile(r"[、,，;；\n/+&]+")


# ---------------------------------------------------------------- what a person wrote -> a value


def parse(fld: Field, raw: Any, where: str = "", zone: tzinfo = SHANGHAI) -> tuple[Value, Problem | None]:
    """The value that `raw` (a cell, a line of a mail, JSON) means, and what is wrong or doubtful about it.

    (None, None): nothing was given, or 无 or / in a field that is no text. (None, problem): it cannot be read.
    (value, problem): it was read, with a doubt (severity "question" or "warning"), as in 约30."""
    values, problems = _read(fld, raw, where, zone)
    return values, problems[0] if problems else None


def parse_all(fld: Field, raw: Any, where: str = "", zone: tzinfo = SHANGHAI) -> tuple[Value, tuple[Problem, ...]]:
    """As `parse`, with every problem: a list may have one in each cell. Good cells of a list are kept."""
    value, problems = _read(fld, raw, where, zone)
    return value, tuple(problems)


def _read(fld: Field, raw: Any, where: str, zone: tzinfo) -> tuple[Value, list[Problem]]:
    if texts.is_blank(raw):
        return None, []
    if fld.type == "list":
        return _rows(fld, raw, where, zone)
    if fld.many:
        return _several(fld, raw, where, zone)
    return _single(fld, raw, where, zone)


def _single(fld: Field, raw: Any, where: str, zone: tzinfo) -> tuple[Value, list[Problem]]:
    if fld.type != "text" and texts.is_none_word(raw) and not (fld.type == "bool" or _names_choice(fld, raw)):
        return None, []
    try:
        value, doubt = _READERS[fld.type](fld, raw, zone)
    except Unclear as fault:
        return None, [_problem(fld, fault.code, raw, where, fault.context)]
    if value is None:
        return None, []
    if code := limit(fld, value):
        return None, [_problem(fld, code[0], raw, where, code[1])]
    return value, [_problem(fld, doubt, raw, where, {"value": show(fld, value, "zh", zone)})] if doubt else []


def _names_choice(fld: Field, raw: Any) -> bool:
    try:
        return bool(fld.choices) and choices.one(raw, fld.choices) is not None
    except Unclear:
        return False


def _problem(fld: Field, code: str, raw: Any, where: str, context: Mapping[str, Any]) -> Problem:
    written = texts.clean(raw) if not isinstance(raw, Mapping) else str(dict(raw))
    short = written if len(written) <= 60 else written[:59] + "…"
    severity = "question" if code in QUESTIONS else "warning" if code in WARNINGS else "error"
    return Problem(code, where, fld.name, {"raw": short, **context}, severity)  # type: ignore[arg-type]


def _several(fld: Field, raw: Any, where: str, zone: tzinfo) -> tuple[Value, list[Problem]]:
    if fld.choices:
        if not isinstance(raw, (list, tuple)) and texts.is_none_word(raw) and not _names_choice(fld, raw):
            return None, []
        try:
            codes = choices.many(raw, fld.choices)
        except Unclear as fault:
            return None, [_problem(fld, fault.code, raw, where, fault.context)]
        return tuple(_coded(fld, c) for c in codes) or None, []
    parts = raw if isinstance(raw, (list, tuple)) else _parts(fld, raw)
    found, problems = [], []
    for part in parts:
        value, wrong = _single(fld, part, where, zone) if not texts.is_blank(part) else (None, [])
        problems += wrong
        if value is not None and value not in found:
            found.append(value)
    return tuple(found) or None, problems


def _parts(fld: Field, raw: Any) -> Sequence[Any]:
    if not isinstance(raw, str) or fld.type in ("text", *ROWS) or texts.is_none_word(raw):
        return [raw]
    return (_SPLIT_NAMES if fld.type in ("dept", "user") else _SPLIT).split(raw)


def _rows(fld: Field, raw: Any, where: str, zone: tzinfo) -> tuple[Value, list[Problem]]:
    """Rows of cells by column name. A row without any value is dropped; one text is a row of the first text column."""
    if isinstance(raw, Mapping):
        raw = [raw]
    if isinstance(raw, str):
        if texts.is_none_word(raw):
            return (), []
        first = next((f.name for f in fld.fields if f.type in ("text", "str")), fld.fields[0].name)
        raw = [{first: line} for line in raw.splitlines() if line.strip()]
    if not isinstance(raw, (list, tuple)):
        return None, [_problem(fld, "not_rows", raw, where, {})]
    rows, problems = [], []
    for number, row in enumerate(raw, 1):
        values, wrong = _row(fld, row, f"{where}[{number}]" if where else f"{fld.name}[{number}]", zone)
        problems += wrong
        if values:
            rows.append(values)
    return tuple(rows), problems


def _row(fld: Field, row: Any, where: str, zone: tzinfo) -> tuple[dict[str, Value], list[Problem]]:
    if not isinstance(row, Mapping):
        return {}, [_problem(fld, "not_rows", row, where, {})]
    columns = {f.name: f for f in fld.fields}
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, raw in row.items():
        column = columns.get(name)
        if column is None:
            problems.append(_problem(fld, "unknown_field", name, where, {"name": name}))
            continue
        value, wrong = _read(column, raw, f"{where}.{name}", zone)
        problems += wrong
        if value is not None:
            values[name] = value
    return values, problems


# ---------------------------------------------------------------- one reader a type


def _units(fld: Field) -> tuple[str, ...]:
    return tuple(u for u in (fld.unit.zh, fld.unit.en) if u)


def _coded(fld: Field, code: str) -> Value:
    return int(code) if fld.type == "int" else code


def _word(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    if fld.choices:
        return choices.one(raw, fld.choices), ""
    if isinstance(raw, (Mapping, list, tuple)):
        raise Unclear("not_a_text")
    return (texts.prose(raw) if fld.type == "text" else texts.line(raw)) or None, ""


def _text(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    return ("无", "") if texts.is_none_word(raw) else _word(fld, raw, zone)


def _int(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    if fld.choices:
        code = choices.one(texts.plain_text(raw), fld.choices)
        return (None if code is None else int(code)), ""
    return numbers.count(raw, _units(fld))


def _enum(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    return choices.one(texts.plain_text(raw), fld.choices), ""


def _time(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    value, exact = dates.read_time(raw, zone)
    return value, "" if exact else "time_missing"


def _sig(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    """A row, or a text such as 「李四代王五 同意 2026-05-18 09:00 请尽快」."""
    if isinstance(raw, Mapping):
        row = {k: texts.line(v) for k, v in raw.items() if k in SIG_KEYS and k != "at" and not texts.is_blank(v)}
        if not texts.is_blank(raw.get("at")):
            row["at"] = dates.read_time(raw["at"], zone)[0]  # type: ignore[assignment]
        decision = row.get("decision", "")
        return {**row, **({"decision": _decision(decision) or decision} if decision else {})} or None, ""
    return _sig_text(texts.line(raw), zone), ""


_SIG_TIME = re.compile(r"\d{4}[-./年]\d{1,2}[-./月]\d{1,2}日?(?:\s+\d{1,2}[:：]\d{2})?")


def _sig_text(text: str, zone: tzinfo) -> dict[str, Value] | None:
    row: dict[str, Value] = {}
    if found := _SIG_TIME.search(text):
        row["at"] = dates.read_time(found[0], zone)[0]
        text = (text[: found.start()] + " " + text[found.end() :]).strip()
    rest = []
    for word in text.split():
        if "decision" not in row and (code := _decision(word)):
            row["decision"] = code
        else:
            rest.append(word)
    if rest:
        name, _, other = rest[0].partition("代")
        row |= {"name": name, **({"for_name": other} if name and other else {})}
        if len(rest) > 1:
            row["opinion"] = " ".join(rest[1:])
    return {k: row[k] for k in SIG_KEYS if k in row} or None


def _decision(word: str) -> str:
    wanted = word.strip("，,。;；:：!！").casefold()
    return next((c for c, t in DECISIONS.items() if wanted in (c, t.zh, t.en)), "")


def _file(fld: Field, raw: Any, zone: tzinfo) -> tuple[Value, str]:
    if isinstance(raw, Mapping):
        return {k: texts.line(raw[k]) for k in FILE_KEYS if not texts.is_blank(raw.get(k))} or None, ""
    name = texts.line(raw)
    return ({"name": name} if name else None), ""


_READERS: dict[str, Callable[[Field, Any, tzinfo], tuple[Value, str]]] = {
    "str": _word,
    "ref": _word,
    "user": _word,
    "dept": _word,
    "text": _text,
    "int": _int,
    "dec": lambda fld, raw, zone: numbers.decimal(raw, _units(fld)),
    "money": lambda fld, raw, zone: numbers.money(raw, _units(fld)),
    "bool": lambda fld, raw, zone: (choices.yes_no(raw), ""),
    "enum": _enum,
    "date": lambda fld, raw, zone: (dates.read_date(raw, zone), ""),
    "dt": _time,
    "sig": _sig,
    "file": _file,
    "img": _file,
}


# ---------------------------------------------------------------- limits


def limit(fld: Field, value: Value) -> tuple[str, dict[str, Any]] | None:
    """The code of the limit that a single value breaks, and the values for its text; None when it is right."""
    if isinstance(value, str):
        most = fld.max_length or MAX_LENGTH.get(fld.type, 0)
        return ("too_long", {"length": len(value), "most": most}) if most and len(value) > most else None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if fld.type == "int" and value < 0 and fld.min is None:
            return "negative", {}
        if fld.min is not None and value < fld.min:
            return ("negative" if value < 0 <= fld.min else "too_small"), {"least": format(fld.min, "f")}
        if fld.max is not None and value > fld.max:
            return "too_large", {"most": format(fld.max, "f")}
    return None
