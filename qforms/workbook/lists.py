"""The lists in front: what is to be done, documents in progress, deadlines, the way to the reference data. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from qforms.model import Clock, Form, Lang, Record, Task, Text
from qforms.workbook import layout
from qforms.workbook.maker import Maker
from qforms.workbook.spans import MARK, clock_text, left, span, urgency
from qforms.workbook.view import Cell, Row, Sheet, values_of


def todo(make: Maker) -> Sheet:
    """Open tasks and the deadlines that nobody has met, most urgent first when they are new."""
    asked = {(t.number, t.context.get("clock")) for t in make.view.tasks if t.state == "open"}
    lines = [_task(make, t) for t in (*make.view.tasks, *_waits(make)) if t.state == "open"]
    lines += [
        _clock_task(make, c)
        for c in make.view.shown_clocks
        if c.met_at is None and c.state in ("running", "overdue") and (c.subject, c.rule) not in asked
    ]
    far = datetime.max.replace(tzinfo=make.view.zone)
    lines.sort(key=lambda pair: (pair[0] or far, pair[1].id))
    columns = make.with_words(layout.TODO, layout.TASK_WORDS[make.lang])
    rows = tuple(row for _, row in lines)
    marks = [urgency(due, make.view.as_of) for due, _ in lines]
    late, soon = marks.count("overdue"), marks.count("due")
    said = Text(
        f"{len(rows)} 项：逾期 {late}，24 h 内到期 {soon}。处理后存盘即可，不必关闭。",
        f"{len(rows)} items: {late} overdue, {soon} due within 24 h. Save after handling; no need to close.",
    )
    return Sheet("todo", Text("待办", "To do"), columns, rows, "", "what", 1, True, said)


def _waits(make: Maker) -> Iterator[Task]:
    """That the book itself waits to be written, as a line: it is seen on the board."""
    if make.view.waits is not None:
        since, reason = make.view.waits
        waited = make.view.as_of - since
        text = Text(
            f"关闭总表，好让程序更新：已等 {span(waited, 'zh')}。{reason}",
            f"Close the workbook so that it can be updated: waiting for {span(waited, 'en')}. {reason}",
        )
        yield Task("workbook-waits", "workbook", "", "", text, "office", since)


def _task(make: Maker, task: Task) -> tuple[datetime | None, Row]:
    cells = _job(make, task.text[make.lang], task.owner, task.due_at, task.case_no or task.number)
    return task.due_at, _linked(make, f"task/{task.key}", cells, task.delivery, task.number, task.case_no)


def _clock_task(make: Maker, clock: Clock) -> tuple[datetime | None, Row]:
    what = make.view.clock_ask(clock, make.catalogue, make.lang)
    if clock.subject != clock.case_no:
        what = f"{what}（{clock.subject}）" if make.lang == "zh" else f"{what} ({clock.subject})"
    cells = _job(make, what, clock.owner, clock.due_at, clock.case_no or clock.subject)
    id_ = f"clock/{clock.rule}/{clock.subject}"
    return clock.due_at, _linked(make, id_, cells, clock.subject, clock.case_no)


def _job(make: Maker, what: str, owner: str, due: datetime | None, case: str) -> dict[str, Cell]:
    now = make.view.as_of
    complaint = make.view.by_number.get(case)
    values = complaint.values if complaint else {}
    model = " / ".join(str(values[k]) for k in ("product_model", "lot_no") if values.get(k))
    return {
        "mark": MARK[urgency(due, now)] or "○",
        "what": what,
        "who": owner,
        "due": make.view.local(due),
        "left": left(due, now, make.lang) or None,
        "case": case or None,
        "customer": values.get("customer_name"),
        "model": model or None,
    }


def _linked(make: Maker, id_: str, cells: dict[str, Cell], *keys: str) -> Row:
    """A row of 待办 with the way to its original, document or folder: the first of `keys` that has one."""
    link = next((make.view.links[k] for k in keys if k in make.view.links), "")
    return Row(id_, 0, cells | {"source": make.open()}, {"source": link}) if link else Row(id_, 0, cells)


def documents(make: Maker) -> Sheet:
    rows = []
    for form in make.catalogue.forms.values():
        if form.name in layout.NO_DOCUMENT:
            continue
        final = {s.name for s in form.lifecycle.states if s.final}
        rows += [_document(make, form, r) for r in make.view.records.get(form.name, ()) if r.status not in final]
    said = Text(f"{len(rows)} 份", f"{len(rows)} documents")
    columns = make.spec_columns(layout.DOCUMENTS)
    return Sheet("documents", Text("在办单据", "Documents"), columns, tuple(rows), "", "number", 1, True, said)


def _document(make: Maker, form: Form, record: Record) -> Row:
    values, view = values_of(record), make.view
    waiting = [c for c in view.clocks_of.get(record.number, ()) if c.met_at is None]
    due = min((c.due_at for c in waiting), default=None)
    owner = next((c.owner for c in waiting if c.due_at == due), "") or values.get("prepared_by")
    link = view.links.get(record.number)
    cells: dict[str, Cell] = {
        "number": record.number,
        "form": form.title[make.lang],
        "case": record.case_no or None,
        "to": _joined(values.get("to_depts"), make.lang),
        "owner": owner or None,
        "issued": view.local(values.get("issued_at")),
        "due": view.local(due),
        "left": left(due, view.as_of, make.lang) or None,
        "step": make.status(form, record),
        "replied": view.local(values.get("replied_at")),
        "file": make.open() if link else None,
    }
    return Row(f"document/{record.number}", 0, cells, {"file": link} if link else {})


def clocks(make: Maker) -> Sheet:
    shown = make.view.recent_clocks
    rows = tuple(_clock(make, c) for c in sorted(shown, key=lambda c: (c.due_at, c.rule, c.subject)))
    late = sum(c.met_at is None and c.due_at <= make.view.as_of for c in shown)
    said = Text(f"{len(rows)} 条，逾期 {late}", f"{len(rows)} deadlines, {late} overdue")
    columns = make.spec_columns(layout.CLOCKS)
    return Sheet("clocks", Text("时限", "Deadlines"), columns, rows, "", "title", 1, True, said)


def _clock(make: Maker, clock: Clock) -> Row:
    """One that is met says the same for ever."""
    id_ = f"deadline/{clock.rule}/{clock.subject}"
    now = make.view.as_of if clock.met_at is None else None
    return make.kept(id_, clock, (now, make.lang), lambda: _deadline(make, clock, id_))


def _deadline(make: Maker, clock: Clock, id_: str) -> Row:
    view = make.view
    cells: dict[str, Cell] = {
        "mark": MARK[urgency(None if clock.met_at else clock.due_at, view.as_of)] or None,
        "title": view.clock_title(clock.rule, make.lang),
        "case": clock.case_no or None,
        "number": clock.subject,
        "owner": clock.owner or None,
        "started": view.local(clock.started_at),
        "due": view.local(clock.due_at),
        "left": clock_text(clock, view.as_of, make.lang, view.zone) or None,
        "met": view.local(clock.met_at),
        "escalations": clock.escalations or None,
        "reason": clock.reason or None,
    }
    return Row(id_, 0, cells)


def reference(make: Maker) -> Sheet:
    """基础资料: how many of each kind there are, and where they stand."""
    rows = []
    how = "改蓝格；新增写在末行之后，存盘" if make.lang == "zh" else "change blue cells; add below the last row; save"
    for name in layout.REFERENCE:
        form = make.catalogue.forms.get(name)
        if form is not None:
            title = (form.sheet or form.title)[make.lang]
            count = len(make.view.records.get(name, ()))
            cells: dict[str, Cell] = {"name": title, "count": count, "open": make.open(), "how": how}
            rows.append(Row(f"reference/{name}", 0, cells, {"open": f"#'{title}'!A1"}))
    columns = make.spec_columns(layout.REFERENCES)
    said = Text(f"{len(rows)} 种", f"{len(rows)} kinds")
    return Sheet("reference", Text("基础资料", "Reference"), columns, tuple(rows), "", "name", 1, True, said)


def _joined(value: Any, lang: Lang) -> str | None:
    words = (value,) if isinstance(value, str) else tuple(value or ())
    return ("、" if lang == "zh" else ", ").join(str(w) for w in words) or None
