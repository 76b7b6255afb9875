"""The lists of what waits for a word of the office: mails, letters on hold, conflicts. Pure."""

from __future__ import annotations

from typing import Any

from qforms.model import Field, Text
from qforms.workbook import layout
from qforms.workbook.maker import Maker
from qforms.workbook.view import Cell, Row, Sheet


def mails(make: Maker) -> Sheet:
    rows = []
    for mail in make.view.mails:
        link = mail.link or make.view.links.get(mail.key)
        cells: dict[str, Cell] = {
            "received": make.view.local(mail.received_at),
            "sender": mail.sender,
            "subject": mail.subject,
            "reason": mail.reason[make.lang],
            "case": mail.case_no or None,
            "source": make.open() if link else None,
        }
        rows.append(Row(f"mail/{mail.key}", 0, cells, {"source": link} if link else {}))
    columns = make.with_words(layout.MAILS, layout.MAIL_WORDS[make.lang])
    said = Text(f"{len(rows)} 封", f"{len(rows)} mails")
    return Sheet("mails", Text("待处理邮件", "Mails"), columns, tuple(rows), "", "received", 1, True, said)


def letters(make: Maker) -> Sheet:
    rows = []
    for letter in make.view.letters:
        intent, k = letter.intent, make.lang == "en"
        cells: dict[str, Cell] = {
            "at": make.view.local(intent.at),
            "to": ", ".join(intent.to),
            "cc": ", ".join(intent.cc) or None,
            "subject": intent.subject,
            "number": intent.number or None,
            "state": layout.LETTER_STATES.get(letter.state, (letter.state, letter.state))[k],
        }
        rows.append(Row(f"letter/{intent.key}", 0, cells))
    columns = make.with_words(layout.LETTERS, layout.LETTER_WORDS[make.lang])
    said = Text(f"{len(rows)} 封；选“发”后存盘即发出。", f"{len(rows)} letters; choose “send” and save.")
    return Sheet("letters", Text("待发", "Outgoing"), columns, tuple(rows), "", "at", 1, False, said, passing=True)


def conflicts(make: Maker) -> Sheet:
    rows = []
    for c in (c for c in make.view.conflicts if not c.waits):
        record = make.view.by_number.get(c.number)
        fld = make.catalogue.field(record.form, c.field) if record else None
        cells: dict[str, Cell] = {
            "number": c.number,
            "field": fld.label[make.lang] if fld else c.field,
            "base": _side(make, fld, c.base),
            "ours": _side(make, fld, c.ours),
            "theirs": _side(make, fld, c.theirs),
            "by": c.by,
            "at": make.view.local(c.at),
        }
        rows.append(Row(f"conflict/{c.number}/{c.field}", 0, cells))
    columns = make.with_words(layout.CONFLICTS, layout.CONFLICT_WORDS[make.lang])
    said = Text(f"{len(rows)} 处，请选用哪个值", f"{len(rows)} to be decided")
    return Sheet(
        "conflicts", Text("冲突", "Conflicts"), columns, tuple(rows), "", "field", 1, False, said, passing=True
    )


def _side(make: Maker, fld: Field | None, value: Any) -> Cell:
    return make.cell(fld, value) if fld else None if value is None else str(value)
