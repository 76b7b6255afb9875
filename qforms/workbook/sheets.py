"""From a view to sheets with columns and rows. Pure; the layouts are data in `layout`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast

from qforms.model import Catalogue, Clock, Field, Form, Lang, Record, Task, Text
from qforms.workbook import layout
from qforms.workbook.spans import MARK, OVERDUE, clock_text, left, urgency
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
_TEXT_LIMIT = 300  # a long text is cut in the book: the whole of it stands in the document


def build(view: View, catalogue: Catalogue, lang: Lang) -> tuple[Sheet, ...]:
    """Sheets in the order of the book: those of P27 in front, then 待发, 冲突, forms with records, reference data."""
    make = _Maker(view, catalogue, lang)
    found: list[Sheet | None] = [make.todo()]
    found += [make.form_sheet("complaint", layout.COMPLAINT, Text("投诉台账", "Complaints"), front=True, pages=2)]
    found += [make.documents(), make.clocks(), make.measures()]
    found += [make.form_sheet("contact", (), Text("联系记录", "Contacts"), front=True), make.mails(), make.reference()]
    if view.letters:
        found.append(make.letters())
    if view.conflicts:
        found.append(make.conflicts())
    for form in catalogue.forms.values():
        if form.name in layout.REFERENCE:
            continue
        if view.records.get(form.name) and form.name not in ("complaint", "contact"):
            found.append(make.form_sheet(form.name, (), form.sheet or form.title))
    found += [make.form_sheet(name, (), Text("")) for name in layout.REFERENCE]
    return tuple(s for s in found if s is not None)


def blueprints(catalogue: Catalogue) -> tuple[Sheet, ...]:
    """Every sheet that the book may hold, without rows: for finding them again."""
    view = View("", datetime.fromtimestamp(0, UTC), UTC)
    make = _Maker(view, catalogue, "zh")
    forms = [make.form_sheet(f, (), Text("")) for f in catalogue.forms if f not in ("complaint", "contact")]
    shown = build(view, catalogue, "zh")
    keys = {s.key for s in shown}
    return (*shown, make.letters(), make.conflicts(), *(s for s in forms if s is not None and s.key not in keys))


def passing(view: View, lang: Lang) -> tuple[Sheet, ...]:
    """The sheets that are shown only while they hold something: 待发, 冲突."""
    from qforms.forms.catalogue import Catalogue as Forms

    make = _Maker(view, Forms({}), lang)
    return make.letters(), make.conflicts()


class _Maker:
    def __init__(self, view: View, catalogue: Catalogue, lang: Lang) -> None:
        self.view, self.catalogue, self.lang = view, catalogue, lang
        self._names = {
            kind: tuple(sorted({str(r.values.get("name", r.number)) for r in view.records.get(form, ())}))
            for kind, form in (("dept", "department"), ("user", "person"))
        }

    # ------------------------------------------------------------ forms

    def form_sheet(
        self, name: str, specs: Sequence[layout.Spec], title: Text, *, front: bool = False, pages: int = 1
    ) -> Sheet | None:
        """The sheet of a form: the columns of `specs`, else those that its declaration names; None without the form."""
        form = self.catalogue.forms.get(name)
        if form is None:
            return None
        columns = self._spec_columns(specs, form) if specs else self._form_columns(form)
        rows = tuple(self._record_row(form, columns, r) for r in self.view.records.get(name, ()))
        title = title or form.sheet or form.title
        counted = Text(f"{len(rows)} 条", f"{len(rows)} rows")
        return Sheet(name, title, columns, rows, name, columns[0].key, pages, front, counted)

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

    def _spec_columns(self, specs: Iterable[layout.Spec], form: Form | None = None) -> tuple[Column, ...]:
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
        values = values_of(record)
        cells = {c.key: self._record_cell(form, c, record, values) for c in columns}
        link = self.view.links.get(record.number)
        key = "number" if "number" in cells else columns[0].key
        return Row(f"{form.name}/{record.number}", record.revision, cells, {key: link} if link else {})

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

    # ------------------------------------------------------------ what is to be done

    def todo(self) -> Sheet:
        """Open tasks and the deadlines that nobody has met, most urgent first when they are new."""
        asked = {(t.number, t.context.get("clock")) for t in self.view.tasks if t.state == "open"}
        lines = [self._task(t) for t in self.view.tasks if t.state == "open"]
        lines += [
            self._clock_task(c)
            for c in self.view.shown_clocks
            if c.met_at is None and c.state in ("running", "overdue") and (c.subject, c.rule) not in asked
        ]
        far = datetime.max.replace(tzinfo=self.view.zone)
        lines.sort(key=lambda pair: (pair[0] or far, pair[1].id))
        columns = self._with_words(layout.TODO, layout.TASK_WORDS[self.lang])
        rows = tuple(row for _, row in lines)
        marks = [urgency(due, self.view.as_of) for due, _ in lines]
        late, soon = marks.count("overdue"), marks.count("due")
        said = Text(
            f"{len(rows)} 项：逾期 {late}，24 h 内到期 {soon}。处理后存盘即可，不必关闭。",
            f"{len(rows)} items: {late} overdue, {soon} due within 24 h. Save after handling; no need to close.",
        )
        return Sheet("todo", Text("待办", "To do"), columns, rows, "", "what", 1, True, said)

    def _task(self, task: Task) -> tuple[datetime | None, Row]:
        cells = self._job(task.text[self.lang], task.owner, task.due_at, task.case_no or task.number)
        return task.due_at, self._linked(f"task/{task.key}", cells, task.delivery, task.number, task.case_no)

    def _clock_task(self, clock: Clock) -> tuple[datetime | None, Row]:
        what = self.view.clock_ask(clock.rule, self.lang)
        if clock.subject != clock.case_no:
            what = f"{what}（{clock.subject}）" if self.lang == "zh" else f"{what} ({clock.subject})"
        cells = self._job(what, clock.owner, clock.due_at, clock.case_no or clock.subject)
        id_ = f"clock/{clock.rule}/{clock.subject}"
        return clock.due_at, self._linked(id_, cells, clock.subject, clock.case_no)

    def _job(self, what: str, owner: str, due: datetime | None, case: str) -> dict[str, Cell]:
        now = self.view.as_of
        complaint = self.view.by_number.get(case)
        values = complaint.values if complaint else {}
        model = " / ".join(str(values[k]) for k in ("product_model", "lot_no") if values.get(k))
        return {
            "mark": MARK[urgency(due, now)] or "○",
            "what": what,
            "who": owner,
            "due": self.view.local(due),
            "left": left(due, now, self.lang) or None,
            "case": case or None,
            "customer": values.get("customer_name"),
            "model": model or None,
        }

    def _open(self) -> str:
        return "打开" if self.lang == "zh" else "open"

    def _linked(self, id_: str, cells: dict[str, Cell], *keys: str) -> Row:
        """A row of 待办 with the way to its original, document or folder: the first of `keys` that has one."""
        link = next((self.view.links[k] for k in keys if k in self.view.links), "")
        return Row(id_, 0, cells | {"source": self._open()}, {"source": link}) if link else Row(id_, 0, cells)

    def _with_words(self, specs: Iterable[layout.Spec], words: tuple[str, ...]) -> tuple[Column, ...]:
        from dataclasses import replace

        columns = self._spec_columns(specs)
        return tuple(
            replace(c, office=c.key in ("action", "note"), words=words if c.key == "action" else (), strict=True)
            for c in columns
        )

    # ------------------------------------------------------------ documents, deadlines, measures

    def documents(self) -> Sheet:
        rows = []
        for form in self.catalogue.forms.values():
            if form.name in layout.NO_DOCUMENT:
                continue
            final = {s.name for s in form.lifecycle.states if s.final}
            rows += [self._document(form, r) for r in self.view.records.get(form.name, ()) if r.status not in final]
        said = Text(f"{len(rows)} 份", f"{len(rows)} documents")
        columns = self._spec_columns(layout.DOCUMENTS)
        return Sheet("documents", Text("在办单据", "Documents"), columns, tuple(rows), "", "number", 1, True, said)

    def _document(self, form: Form, record: Record) -> Row:
        values, view = values_of(record), self.view
        waiting = [c for c in view.clocks_of.get(record.number, ()) if c.met_at is None]
        due = min((c.due_at for c in waiting), default=None)
        owner = next((c.owner for c in waiting if c.due_at == due), "") or values.get("prepared_by")
        link = view.links.get(record.number)
        cells: dict[str, Cell] = {
            "number": record.number,
            "form": form.title[self.lang],
            "case": record.case_no or None,
            "to": _joined(values.get("to_depts"), self.lang),
            "owner": owner or None,
            "issued": view.local(values.get("issued_at")),
            "due": view.local(due),
            "left": left(due, view.as_of, self.lang) or None,
            "step": self.status(form, record),
            "replied": view.local(values.get("replied_at")),
            "file": self._open() if link else None,
        }
        return Row(f"document/{record.number}", 0, cells, {"file": link} if link else {})

    def clocks(self) -> Sheet:
        shown = self.view.shown_clocks
        rows = tuple(self._clock(c) for c in sorted(shown, key=lambda c: (c.due_at, c.rule, c.subject)))
        late = sum(c.met_at is None and c.due_at <= self.view.as_of for c in shown)
        said = Text(f"{len(rows)} 条，逾期 {late}", f"{len(rows)} deadlines, {late} overdue")
        columns = self._spec_columns(layout.CLOCKS)
        return Sheet("clocks", Text("时限", "Deadlines"), columns, rows, "", "title", 1, True, said)

    def _clock(self, clock: Clock) -> Row:
        view = self.view
        cells: dict[str, Cell] = {
            "mark": MARK[urgency(None if clock.met_at else clock.due_at, view.as_of)] or None,
            "title": view.clock_title(clock.rule, self.lang),
            "case": clock.case_no or None,
            "number": clock.subject,
            "owner": clock.owner or None,
            "started": view.local(clock.started_at),
            "due": view.local(clock.due_at),
            "left": clock_text(clock, view.as_of, self.lang, view.zone) or None,
            "met": view.local(clock.met_at),
            "escalations": clock.escalations or None,
            "reason": clock.reason or None,
        }
        return Row(f"deadline/{clock.rule}/{clock.subject}", 0, cells)

    def measures(self) -> Sheet:
        rows = []
        for form in self.catalogue.forms.values():
            lists = [f for f in form.fields if f.type == "list" and any(c.name == "planned_on" for c in f.fields)]
            for record in self.view.records.get(form.name, ()) if lists else ():
                rows += [row for fld in lists for row in self._measures(fld, record)]
        columns = self._spec_columns(layout.MEASURES)
        late = sum(str(r.cells.get("left") or "").startswith(OVERDUE[self.lang]) for r in rows)
        said = Text(f"{len(rows)} 条，逾期 {late}", f"{len(rows)} measures, {late} overdue")
        return Sheet("measures", Text("措施跟踪", "Measures"), columns, tuple(rows), "", "number", 1, True, said)

    def _measures(self, fld: Field, record: Record) -> Iterable[Row]:
        shown = {c.name: c for c in fld.fields}
        wanted = [name for name, *_ in layout.MEASURES if name in shown]
        for i, line in enumerate(record.values.get(fld.name) or ()):
            cells = {name: self.cell(shown[name], line.get(name)) for name in wanted}
            planned, done = line.get("planned_on"), line.get("done_on")
            due = datetime.combine(planned, time(23, 59, 59), self.view.zone) if planned and not done else None
            cells |= {"number": record.number, "case": record.case_no or None}
            cells["left"] = left(due, self.view.as_of, self.lang) or None
            yield Row(f"measure/{record.number}/{fld.name}/{i}", 0, cells)

    def reference(self) -> Sheet:
        """基础资料: how many of each kind there are, and where they stand."""
        rows = []
        how = (
            "改蓝格；新增写在末行之后，存盘" if self.lang == "zh" else "change blue cells; add below the last row; save"
        )
        for name in layout.REFERENCE:
            form = self.catalogue.forms.get(name)
            if form is not None:
                title = (form.sheet or form.title)[self.lang]
                count = len(self.view.records.get(name, ()))
                cells: dict[str, Cell] = {"name": title, "count": count, "open": self._open(), "how": how}
                rows.append(Row(f"reference/{name}", 0, cells, {"open": f"#'{title}'!A1"}))
        columns = self._spec_columns(layout.REFERENCES)
        said = Text(f"{len(rows)} 种", f"{len(rows)} kinds")
        return Sheet("reference", Text("基础资料", "Reference"), columns, tuple(rows), "", "name", 1, True, said)

    # ------------------------------------------------------------ mails, letters, conflicts

    def mails(self) -> Sheet:
        rows = []
        for mail in self.view.mails:
            link = mail.link or self.view.links.get(mail.key)
            cells: dict[str, Cell] = {
                "received": self.view.local(mail.received_at),
                "sender": mail.sender,
                "subject": mail.subject,
                "reason": mail.reason[self.lang],
                "case": mail.case_no or None,
                "source": self._open() if link else None,
            }
            rows.append(Row(f"mail/{mail.key}", 0, cells, {"source": link} if link else {}))
        columns = self._with_words(layout.MAILS, layout.MAIL_WORDS[self.lang])
        said = Text(f"{len(rows)} 封", f"{len(rows)} mails")
        return Sheet("mails", Text("待处理邮件", "Mails"), columns, tuple(rows), "", "received", 1, True, said)

    def letters(self) -> Sheet:
        rows = []
        for letter in self.view.letters:
            intent, k = letter.intent, self.lang == "en"
            cells: dict[str, Cell] = {
                "at": self.view.local(intent.at),
                "to": ", ".join(intent.to),
                "cc": ", ".join(intent.cc) or None,
                "subject": intent.subject,
                "number": intent.number or None,
                "state": layout.LETTER_STATES.get(letter.state, (letter.state, letter.state))[k],
            }
            rows.append(Row(f"letter/{intent.key}", 0, cells))
        columns = self._with_words(layout.LETTERS, layout.LETTER_WORDS[self.lang])
        said = Text(f"{len(rows)} 封；选“发”后存盘即发出。", f"{len(rows)} letters; choose “send” and save.")
        return Sheet("letters", Text("待发", "Outgoing"), columns, tuple(rows), "", "at", 1, False, said)

    def conflicts(self) -> Sheet:
        rows = []
        for c in self.view.conflicts:
            record = self.view.by_number.get(c.number)
            fld = self.catalogue.field(record.form, c.field) if record else None
            cells: dict[str, Cell] = {
                "number": c.number,
                "field": fld.label[self.lang] if fld else c.field,
                "base": self._side(fld, c.base),
                "ours": self._side(fld, c.ours),
                "theirs": self._side(fld, c.theirs),
                "by": c.by,
                "at": self.view.local(c.at),
            }
            rows.append(Row(f"conflict/{c.number}/{c.field}", 0, cells))
        columns = self._with_words(layout.CONFLICTS, layout.CONFLICT_WORDS[self.lang])
        said = Text(f"{len(rows)} 处，请选用哪个值", f"{len(rows)} to be decided")
        return Sheet("conflicts", Text("冲突", "Conflicts"), columns, tuple(rows), "", "field", 1, False, said)

    def _side(self, fld: Field | None, value: Any) -> Cell:
        return self.cell(fld, value) if fld else None if value is None else str(value)


def _label(fld: Field) -> Text:
    zh = f"{fld.label.zh}（{fld.unit.zh}）" if fld.unit.zh else fld.label.zh
    en = f"{fld.label.en} ({fld.unit.en})" if fld.unit.en else fld.label.en
    return Text(zh, en)


def _joined(value: Any, lang: Lang) -> str | None:
    words = (value,) if isinstance(value, str) else tuple(value or ())
    return ("、" if lang == "zh" else ", ").join(str(w) for w in words) or None
