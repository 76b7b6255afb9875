"""form.yaml, the blocks it uses and the vocabularies -> Form. Whatever is wrong becomes a fault with file and line."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, cast

from qforms.forms import types
from qforms.forms.depths import depths
from qforms.forms.lifecycle import check, known, lifecycle, roles
from qforms.forms.source import Table
from qforms.forms.texts import words
from qforms.model import ByMail, Choice, Field, Form, Reversing, Section, Text

FORM_KEYS = words(
    "form version code title audience number named_by retention facts open_by sections checks lifecycle sheet by_mail "
    "depth"
)
SECTION_KEYS = words("section title filled_by reply panel use without adjust fields shows")
FIELD_KEYS = words(
    "name label type many aliases was fields ref required required_when unit choices min max max_length "
    "calc default filled_by key all_or_nothing personal private blank wide rows rows_of apart reversing text example "
    "help use needs_reason not_for"
)
AUDIENCES = ("internal", "supplier", "customer")
WITH_CHOICES = ("enum", "int", "str")
MAX_COLUMNS = 25  # P30
NUMBER_PARTS = frozenset(words("seq yyyymm yyyy yy mm dd"))


@dataclass
class Shared:
    """What forms share: blocks of fields and vocabularies of choices, by name."""

    blocks: Mapping[str, Table] = field(default_factory=dict)
    vocabulary: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)


def vocabulary(table: Table) -> dict[str, tuple[Choice, ...]]:
    """blocks/vocabulary.yaml: name -> {code: {zh, en, aliases}}."""
    return {str(name): _choices(table, name) for name in table.node}


def form(table: Table, shared: Shared) -> Form:
    """One form. Its origin is that of its `form` key."""
    table.allow(*FORM_KEYS)
    for key in ("form", "title", "sections", "lifecycle"):
        table.need(key)
    sections = tuple(_section(s, shared) for s in table.tables("sections"))
    names = _unique(table, sections)
    sheet = table.table("sheet")
    sheet.allow("name", "columns", "office")
    audience = table.word("audience", "internal")
    known(table, "audience", ("范围", "audience"), (audience,), AUDIENCES)
    result = Form(
        name=table.word("form"),
        version=table.word("version"),
        code=table.word("code"),
        title=table.text("title"),
        audience=cast(Any, audience),
        number=table.word("number"),
        sections=sections,
        lifecycle=lifecycle(table.table("lifecycle"), names),
        checks=tuple(check(c, names) for c in table.tables("checks")),
        sheet=sheet.text("name") if "name" in sheet else Text(""),
        columns=sheet.words("columns"),
        office_columns=sheet.words("office"),
        open_by=roles(table, "open_by"),
        named_by=table.words("named_by"),
        retention=table.text("retention") if "retention" in table else Text(""),
        origin=table.at("form"),
        facts=table.words("facts"),
        by_mail=_by_mail(table, names),
        depth=table.table("depth").word("by"),
        depths=depths(table, sections),
    )
    _names_of_form(table, sheet, result, names)
    return result


def _by_mail(table: Table, names: frozenset[str]) -> ByMail | None:
    if "by_mail" not in table:
        return None
    inner = table.table("by_mail")
    inner.allow("subject", "without", "text")
    for key in ("subject", "text"):
        inner.need(key)
    text = inner.word("text")
    known(inner, "text", ("字段", "field"), (text,), names)
    return ByMail(inner.words("subject"), inner.words("without"), text)


def _names_of_form(table: Table, sheet: Table, result: Form, names: frozenset[str]) -> None:
    columns = names | {"number", "revision", "status", "case_no"}
    for fld in (f for s in result.sections for f in s.fields if f.needs_reason and f.needs_reason not in names):
        table.faults.unknown(fld.origin, ("字段", "field"), fld.needs_reason, names)
    known(sheet, "columns", ("字段", "field"), result.columns, columns)
    known(sheet, "office", ("字段", "field"), result.office_columns, frozenset(result.columns))
    known(table, "named_by", ("字段", "field"), result.named_by, names)
    known(table, "facts", ("字段", "field"), result.facts, names)
    if len(result.columns) > MAX_COLUMNS:
        sheet.wrong("columns", f"至多 {MAX_COLUMNS} 列", f"at most {MAX_COLUMNS} columns, not {len(result.columns)}")
    parts = {name for _, name, _, _ in Formatter().parse(result.number) if name}
    if not result.number and not result.named_by:
        table.faults.add(result.origin, "缺少 number 或 named_by", "give number, or named_by, or both")
    elif result.number and "{seq" not in result.number and not parts & names:
        table.wrong("number", "含 {seq} 或字段的式样", "a pattern with {seq} or a field")
    known(table, "number", ("字段", "field"), tuple(parts), names | NUMBER_PARTS)


def _unique(table: Table, sections: tuple[Section, ...]) -> frozenset[str]:
    seen: dict[str, Field] = {}
    for section in sections:
        for fld in section.fields:
            if fld.name in seen:
                first = seen[fld.name].origin
                table.faults.add(fld.origin, f"字段 {fld.name} 重复（见 {first}）", f"{fld.name} stands at {first} too")
            seen.setdefault(fld.name, fld)
    return frozenset(seen)


# ---------------------------------------------------------------- sections and fields


def _section(table: Table, shared: Shared) -> Section:
    table.allow(*SECTION_KEYS)
    table.need("section")
    table.need("title")
    fields = [*_block_fields(table, shared), *(_field(f, shared) for f in table.tables("fields"))]
    names = [f.name for f in fields]
    known(table, "without", ("字段", "field"), table.words("without"), names)
    without = table.words("without")
    changes = dict(table.named("adjust"))
    known(table, "adjust", ("字段", "field"), tuple(changes), names)
    kept = (f for f in fields if f.name not in without)
    return Section(
        name=table.word("section"),
        title=table.text("title"),
        fields=tuple(_adjusted(f, changes.get(f.name)) for f in kept),
        filled_by=roles(table, "filled_by"),
        reply=table.flag("reply"),
        panel=table.word("panel"),
        shows=table.words("shows"),
    )


def _block_fields(table: Table, shared: Shared) -> Iterator[Field]:
    """The fields of the blocks that a section or a list field uses."""
    for name in table.words("use"):
        block = shared.blocks.get(name)
        if block is None:
            table.faults.unknown(table.at("use"), ("区块", "block"), name, shared.blocks)
        else:
            yield from (_field(f, shared) for f in block.tables("fields"))


def _adjusted(fld: Field, change: Table | None) -> Field:
    """A block's field as this form wants it: any key but name, type and nested fields may be given anew."""
    if change is None:
        return fld
    change.allow(*(k for k in FIELD_KEYS if k not in ("name", "type", "fields", "use", "choices", "many")))
    given = _plain_keys(change)
    return dc.replace(fld, **{k: v for k, v in given.items() if k in change})


def _field(table: Table, shared: Shared) -> Field:
    table.allow(*FIELD_KEYS)
    for key in ("name", "label"):
        table.need(key)
    kind = table.word("type", "str")
    known(table, "type", ("类型", "type"), (kind,), types.TYPES)
    rows = (*_block_fields(table, shared), *(_field(f, shared) for f in table.tables("fields")))
    result = Field(
        **_plain_keys(table),
        name=table.word("name"),
        type=kind,
        many=table.flag("many"),
        fields=rows,
        choices=_field_choices(table, shared),
        origin=table.here,
    )
    _fits(table, result)
    return result if "default" not in table else dc.replace(result, default=_default(table, result))


def _plain_keys(table: Table) -> dict[str, Any]:
    return {
        "label": table.text("label"),
        "aliases": table.words("aliases"),
        "was": table.words("was"),
        "ref": table.word("ref"),
        "required": table.flag("required"),
        "required_when": table.word("required_when"),
        "unit": table.text("unit"),
        "min": table.number("min"),
        "max": table.number("max"),
        "max_length": table.whole("max_length"),
        "calc": table.words("calc"),
        "filled_by": roles(table, "filled_by"),
        "key": table.flag("key"),
        "all_or_nothing": table.flag("all_or_nothing"),
        "personal": _personal(table),
        "private": table.flag("private"),
        "not_for": _not_for(table),
        "blank": table.flag("blank", True),
        "needs_reason": table.word("needs_reason"),
        "wide": table.flag("wide"),
        "rows": table.whole("rows"),
        "rows_of": table.word("rows_of"),
        "apart": table.words("apart"),
        "text": table.text("text"),
        "reversing": _reversing(table.table("reversing")) if "reversing" in table else None,
        "example": table.text("example"),
        "help": table.text("help"),
    }


STANDING = {"user": "speaker", "dept": "speaker", "dt": "now", "date": "now"}  # known only when a record is opened


def _personal(table: Table) -> str:
    word = table.word("personal")
    if word:
        known(table, "personal", ("写法", "word"), (word,), ("always", "consumer"))
    return word


def _not_for(table: Table) -> tuple[str, ...]:
    words = table.words("not_for")
    known(table, "not_for", ("读者", "reader"), words, ("supplier", "customer"))
    return words


def _reversing(table: Table) -> Reversing:
    """{when: known(issued_at), negate: [qty, amount], mark: reversal}"""
    table.allow("when", "negate", "mark")
    for key in ("when", "negate", "mark"):
        table.need(key)
    return Reversing(table.word("when"), table.words("negate"), table.word("mark"))


def _default(table: Table, fld: Field) -> Any:
    if table.node["default"] == STANDING.get(fld.type):
        return table.node["default"]
    value, problem = types.parse(fld, table.node["default"])
    if problem or value is None:
        table.wrong("default", f"类型 {fld.type} 的值", f"a value of type {fld.type}")
    return value


def _fits(table: Table, fld: Field) -> None:
    """Keys that belong together: a list has fields, an enum has choices, a ref has its form."""
    faults = table.faults
    if (fld.type == "list") != bool(fld.fields):
        faults.add(fld.origin, f"{fld.name}：fields 与 type: list 须同时出现", "fields and type: list go together")
    if fld.type == "enum" and not fld.choices and "choices" not in table:
        faults.add(fld.origin, f"{fld.name}：enum 缺少 choices", "an enum needs choices")
    if fld.choices and fld.type not in WITH_CHOICES:
        faults.add(fld.origin, f"{fld.name}：{fld.type} 不能有 choices", f"{fld.type} takes no choices")
    if bool(fld.ref) != (fld.type == "ref"):
        faults.add(fld.origin, f"{fld.name}：ref 与 type: ref 须同时出现", "ref: <form> and type: ref go together")
    if fld.min is not None and fld.max is not None and fld.min > fld.max:
        faults.add(fld.origin, f"{fld.name}：min 大于 max", "min is larger than max")
    names = [f.name for f in fld.fields]
    for name in sorted({n for n in names if names.count(n) > 1}):
        faults.add(fld.origin, f"{fld.name} 的列 {name} 重复", f"column {name} of {fld.name} stands twice")
    if fld.apart and len(fld.apart) != 3:
        faults.add(fld.origin, f"{fld.name}：apart 写 [谁, 自, 至] 三列", "apart: three columns, who, from, to")
    for unknown in (name for name in fld.apart if name not in names):
        faults.unknown(fld.origin, ("列", "column"), unknown, names)
    for unknown in (n for n in (*fld.reversing.negate, fld.reversing.mark) if n not in names) if fld.reversing else ():
        faults.unknown(fld.origin, ("列", "column"), unknown, names)
    column = next((f for f in fld.fields if f.name == fld.rows_of), None)
    if fld.rows_of and column is None:
        faults.unknown(fld.origin, ("列", "column"), fld.rows_of, names)
    elif column is not None and (not column.choices or column.many):
        zh, en = f"{fld.name}：rows_of 须是单选的列", "rows_of: a column with choices, of which one is taken"
        faults.add(fld.origin, zh, en)


# ---------------------------------------------------------------- choices


def _field_choices(table: Table, shared: Shared) -> tuple[Choice, ...]:
    if "choices" not in table:
        return ()
    value = table.node["choices"]
    if not isinstance(value, str):
        return _choices(table, "choices")
    if value not in shared.vocabulary:
        table.faults.unknown(table.at("choices"), ("词表", "vocabulary"), value, shared.vocabulary)
    return shared.vocabulary.get(value, ())


def _choices(table: Table, key: str) -> tuple[Choice, ...]:
    """A list of codes, or a map code -> {zh, en, aliases} (or code -> one text)."""
    value = table.node[key]
    if isinstance(value, list):
        return tuple(Choice(word, Text(word)) for word in table.words(key))
    outer = table.table(key)
    found = []
    for code in outer.node:
        inner = outer.node[code]
        if isinstance(inner, Mapping):
            entry = outer.table(code)
            entry.allow("zh", "en", "aliases")
            entry.need("zh")
            label = Text(entry.word("zh"), entry.word("en"))
            found.append(Choice(str(code), label, entry.words("aliases")))
        else:
            found.append(Choice(str(code), Text(outer.word(code))))
    return tuple(found)
