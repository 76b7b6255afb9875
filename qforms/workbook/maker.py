"""How values become cells, and the sheets of forms: a row a record, with the columns that its declaration names. Pure.

A row that says the same as before is the very row of before: so what has not changed costs next to nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from qforms.model import EMPTY, Catalogue, Field, Form, Lang, Record, Text
from qforms.workbook import layout
from qforms.workbook.spans import clock_text
from qforms.workbook.view import Cell, Column, Kind, Row, Sheet, View, values_of

_KINDS: Mapping[str, tuple[Kind, float]] = {
    "text": ("long", 34),
    "int": ("count", 9),
    "dec": ("count", 10.5),
    "money": ("money", 12),
    "bool": ("person", 9),
    "enum": ("person", 13),
    "date": ("date", 13),
    "dt": ("dt", 18.5),
    "user": ("person", 11),
    "dept": ("person", 14),
    "ref": ("code", 18),
}
_OWN: Mapping[str, tuple[Text, Kind, float]] = {
    "number": (Text("编号", "No."), "code", 18),
    "status": (Text("状态", "Status"), "person", 11),
    "revision": (Text("版次", "Rev."), "count", 7.5),
    "case_no": (Text("案件", "Case"), "code", 17),
    "received_at": (Text("收到", "Received"), "dt", 18.5),
}
_PAGE = 270  # characters that are still legible across a page
_TEXT_LIMIT = 300  # a long text is cut in the book: the whole of it stands in the document


class Rows(dict[str, tuple[Any, Row]]):
    """Rows by id, each with what it was made from: kept from one publication to the next."""


class Maker:
    """Makes sheets of one view. `made` are the rows of before."""

    def __init__(self, view: View, catalogue: Catalogue, lang: Lang, made: Rows | None = None) -> None:
        self.view, self.catalogue, self.lang = view, catalogue, lang
        self._made = Rows() if made is None else made
        self._names = {
            kind: tuple(sorted({str(r.values.get("name", r.number)) for r in view.records.get(form, ())}))
            for kind, form in (("dept", "department"), ("user", "person"))
        }

    def form_sheet(
        self, name: str, specs: Sequence[layout.Spec], title: Text, *, front: bool = False, pages: int = 0
    ) -> Sheet | None:
        """The sheet of a form: the columns of `specs`, else those that its declaration names; None without the form."""
        form = self.catalogue.forms.get(name)
        if form is None:
            return None
        columns = self.spec_columns(specs, form) if specs else self._form_columns(form)
        rows = tuple(self._record_row(form, columns, r) for r in self.view.records.get(name, ()))
        ready = tuple(self._ready(form, columns, number) for number in self.view.ready.get(name, ()))
        title = title or form.sheet or form.title
        pages = pages or math.ceil(sum(c.width for c in columns) / _PAGE)
        counted = Text(f"{len(rows)} 条", f"{len(rows)} rows")
        if ready:
            zh = f"{counted.zh}；“预留”行的编号可先报给来电的人，填上内容即立案"
            counted = Text(zh, f"{counted.en}; the numbers of reserved rows may be given out on the telephone")
        return Sheet(name, title, columns, rows + ready, name, columns[0].key, pages, front, counted)

    def _ready(self, form: Form, columns: Sequence[Column], number: str) -> Row:
        """A row whose number is reserved for somebody on the telephone; one whose month is over is void (P4)."""
        void = number in self.view.void
        word = (layout.VOID if void else layout.READY)[self.lang]
        cells: dict[str, Cell] = {"number": number}
        if any(c.key == "status" for c in columns):
            cells["status"] = word
        return Row(f"reserved/{form.name}/{number}", 0, cells)

    def _form_columns(self, form: Form) -> tuple[Column, ...]:
        keys = dict.fromkeys(("number", *form.columns, *form.office_columns) if form.number else form.columns)
        if not form.number:  # reference data is named by its own fields
            keys = dict.fromkeys((*form.named_by, *keys, *form.office_columns))
        return tuple(c for key in keys if (c := self._column(form, key)) is not None)

    def _column(self, form: Form, key: str) -> Column | None:
        office = key in form.office_columns
        fld = self.catalogue.field(form.name, key)
        if fld is None:
            if key not in _OWN:
                return None
            label, kind, width = _OWN[key]
            return Column(key, label, kind, width)
        if fld.type in ("list", "sig"):
            return None
        kind, width = ("text", 20.0) if fld.many else _KINDS.get(fld.type, ("text", 20.0))
        return Column(key, _label(fld), kind, width, office, self._words(fld) if office else (), field=fld)

    def spec_columns(self, specs: Iterable[layout.Spec], form: Form | None = None) -> tuple[Column, ...]:
        found = []
        for name, zh, en, kind, width in specs:
            key, office = name.rstrip("*"), name.endswith("*")
            fld = self.catalogue.field(form.name, key) if form else None
            if form and fld is None and key not in _OWN and not key.startswith("@"):
                continue
            if form:
                office = key in form.office_columns or (office and fld is not None)
            words = self._words(fld) if fld and office else ()
            found.append(Column(key, Text(zh, en), cast(Kind, kind), width, office, words, field=fld))
        return tuple(found)

    def _words(self, fld: Field) -> tuple[str, ...]:
        if fld.many and fld.type != "dept":
            return ()
        if fld.type == "bool":
            return ("是", "否") if self.lang == "zh" else ("yes", "no")
        return self._names.get(fld.type) or tuple(c.label[self.lang] for c in fld.choices)

    def _record_row(self, form: Form, columns: Sequence[Column], record: Record) -> Row:
        def made() -> Row:
            values = values_of(record)
            cells = {c.key: self._record_cell(form, c, record, values) for c in columns}
            link = self.view.links.get(record.number)
            key = "number" if "number" in cells else columns[0].key
            return Row(f"{form.name}/{record.number}", record.revision, cells, {key: link} if link else EMPTY)

        return self.kept(f"{form.name}/{record.number}", record, self._rests_on(record), made)

    def kept(self, id_: str, of: object, rests_on: tuple[Any, ...], make: Callable[[], Row]) -> Row:
        """The row of before, if it was made from the very same thing and from what it rests on, or says the same."""
        before = self._made.get(id_)
        if before is not None and before[0][0] is of and before[0][1] == rests_on:
            return before[1]
        row = make()
        if before is not None and before[1] == row:
            row = before[1]
        self._made[id_] = (of, rests_on), row
        return row

    def _rests_on(self, record: Record) -> tuple[Any, ...]:
        """All that a record's row is made from; a clock that runs says something else every minute."""
        view, group = self.view, str(record.values.get("mechanism_group", ""))
        clocks = view.clocks_of.get(record.number, ())
        now = view.as_of if any(c.met_at is None for c in clocks) else None
        related = view.of_case.get(record.case_no or record.number, ()) if record.number == record.case_no else ()
        numbers = tuple(r.number for r in related)
        return clocks, now, numbers, view.rates.get(group), view.links.get(record.number), self.lang

    def _record_cell(self, form: Form, column: Column, record: Record, values: Mapping[str, Any]) -> Cell:
        key = column.key
        if key.startswith("@"):
            return self._computed(key, record)
        if key == "status":
            return self.status(form, record)
        value = values.get(key)
        if column.field is not None:
            return self.cell(column.field, value, whole=column.office)
        return self.view.local(value) if isinstance(value, datetime) else cast(Cell, value)

    def _computed(self, key: str, record: Record) -> Cell:
        what, _, names = key[1:].partition(":")
        if what == "clock":
            clocks = {c.rule: c for c in self.view.clocks_of.get(record.number, ())}
            clock = next((clocks[n] for n in names.split("|") if n in clocks), None)
            return clock_text(clock, self.view.as_of, self.lang, self.view.zone) if clock else None
        if what == "documents":
            related = self.view.of_case.get(record.case_no or record.number, ())
            return "  ".join(r.number for r in related if r.form not in layout.NO_DOCUMENT) or None
        if what == "rate":
            n, shipped = self.view.rates.get(str(record.values.get("mechanism_group", "")), (Decimal(0), Decimal(0)))
            return round(n * 1000 / shipped, 3) if shipped else None
        return None

    def cell(self, fld: Field, value: Any, *, whole: bool = False) -> Cell:
        """A value as its cell holds it: numbers and times as such, everything else as the text that people read."""
        if value is None:
            return None
        if not fld.many:
            if fld.type in ("int", "dec", "money") and isinstance(value, int | Decimal):
                return value
            if fld.type == "dt" and isinstance(value, datetime):
                return self.view.local(value)
            if fld.type == "date" and isinstance(value, date):
                return value
        text = self.catalogue.show(fld, value, self.lang)
        return text if whole or len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"

    def status(self, form: Form, record: Record) -> str:
        state = next((s for s in form.lifecycle.states if s.name == record.status), None)
        return state.label[self.lang] if state else record.status

    def open(self) -> str:
        return "打开" if self.lang == "zh" else "open"

    def with_words(self, specs: Iterable[layout.Spec], words: tuple[str, ...]) -> tuple[Column, ...]:
        """Columns of a list whose 处理 offers `words`, and no others."""
        return tuple(
            replace(c, office=c.key in ("action", "note"), words=words if c.key == "action" else (), strict=True)
            for c in self.spec_columns(specs)
        )


def _label(fld: Field) -> Text:
    zh = f"{fld.label.zh}（{fld.unit.zh}）" if fld.unit.zh else fld.label.zh
    en = f"{fld.label.en} ({fld.unit.en})" if fld.unit.en else fld.label.en
    return Text(zh, en)
