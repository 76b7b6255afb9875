"""`qforms export`: everything of a case in one zip, for an auditor or the customer's visit (P32).

What came and what was sent are the very bytes of the store; documents are rendered as they stand now; the contents name
each file with its SHA-256."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

from qforms import house, intake, tongue
from qforms.commands import case, printing, words
from qforms.ledger import Transaction
from qforms.model import Delivery, QformsError, Record, Told
from qforms.outbox.cases import label, safe_name
from qforms.tongue import say
from qforms.workbook.layout import NO_DOCUMENT

_WHEN = "%Y-%m-%d %H%M"
_LIMITS = ("编号 时限 开始 到期 完成 状态 责任", "No. Deadline Started Due Met State Owner")
_STYLE = (
    "body{font:14px/1.6 'Microsoft YaHei','PingFang SC','Noto Sans CJK SC',Arial,sans-serif;max-width:1100px;"
    "margin:20px auto;padding:0 16px}h1{font-size:22px}h2{font-size:15px;background:#D9E2EC;padding:4px 10px}"
    "table{border-collapse:collapse;width:100%;font-size:13px}td,th{border-bottom:1px solid #D0D5DB;padding:4px 8px;"
    "text-align:left;vertical-align:top}th{background:#1F3A5F;color:#fff}code{font-size:11px;color:#595959}"
)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    size: int
    digest: str


@dataclass(slots=True)
class _Zip:
    """The archive being written; a name that is taken gets a number."""

    out: zipfile.ZipFile
    step: Callable[[str], None]
    files: list[_File] = field(default_factory=list)

    def add(self, folder: str, name: str, data: bytes) -> None:
        wanted = f"{folder}/{safe_name(name)}" if folder else safe_name(name)
        stem, ending = wanted.removesuffix(PurePosixPath(wanted).suffix), PurePosixPath(wanted).suffix
        taken, count = {f.name for f in self.files}, 1
        while wanted in taken:
            count += 1
            wanted = f"{stem} ({count}){ending}"
        self.out.writestr(wanted, data)
        self.files.append(_File(wanted, len(data), hashlib.sha256(data).hexdigest()))
        self.step(wanted)


def export(root: Path, number: str, file: Path | None, step: Callable[[str], None]) -> Iterator[str]:
    """Writes the zip, `file` or one named after the case in the present folder; gives lines that say so. Raises
    QformsError when there is no such number, or the file is there already."""
    with house.opened(root) as h, h.ledger.facts() as facts:
        record = facts.record(number)
        if record is None:
            raise QformsError(Told(f"没有 {number}", f"there is no {number}"))
        case_no = record.case_no or number
        head = facts.record(case_no) or record
        records = [head, *(r for r in h.ledger.records(case_no=case_no) if r.number != head.number)]
        path = file or Path(safe_name(f"{case_no} {label(head)}.zip"))
        if path.exists():
            raise QformsError(Told(f"{path} 已经有了，换个名字", f"{path} exists already, take another name"))
        draft = path.with_name(f".{path.name}.part")
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as out:
                archive = _Zip(out, step)
                _came(h, records, archive)
                _left(h, case_no, archive)
                faults = list(_documents(h, records, facts, archive))
                tables = _tables(h, records, case_no)
                archive.add("", say("案件.xlsx", "case.xlsx"), _book(tables))
                archive.add("", say("目录.html", "contents.html"), _page(head, tables, archive.files, h))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        yield say(f"{path}：{len(archive.files)} 个文件", f"{path}: {len(archive.files)} files")
        yield from faults


# ---------------------------------------------------------------- the files


def _came(h: house.House, records: Sequence[Record], archive: _Zip) -> None:
    """Every mail and file that had to do with the case, whole and in its parts."""
    digests = dict.fromkeys(e.delivery for r in records for e in h.ledger.history(r.number) if e.delivery)
    for digest in digests:
        row = next(iter(h.ledger.deliveries(digest=digest)), None)
        if row is None or row["channel"] == "workbook" or not h.store.has(digest):
            continue
        raw = h.store.get(digest)
        when = f"{h.settings.local(row['received_at']):{_WHEN}}"
        folder = say("来件", "received")
        archive.add(folder, f"{when} {row['name'] or (row['subject'] or row['sender']) + '.eml'}", raw)
        delivery = Delivery(row["channel"], row["locator"], row["received_at"], raw, row["name"], digest)
        for part in intake.parts_of(delivery, h.procedures):
            if part.name and part.digest != digest:
                archive.add(folder, f"{when} {part.name}", part.data)


def _left(h: house.House, case_no: str, archive: _Zip) -> None:
    """Every letter that was made, as it went out, with what was enclosed in it."""
    for x in h.ledger.letters(number=case_no):
        if x.digest and x.intent.audience != "robot" and h.store.has(x.digest):
            at = x.sent_at or x.intent.at
            when = f"{h.settings.local(at):{_WHEN}} " if at else ""
            archive.add(say("发出", "sent"), f"{when}{x.intent.subject}.eml", h.store.get(x.digest))


def _documents(h: house.House, records: Sequence[Record], facts: Transaction, archive: _Zip) -> Iterator[str]:
    """The documents of the case as they stand now; what cannot be made is said, and stops nothing."""
    for r in (r for r in records if r.form not in NO_DOCUMENT or r is records[0]):
        try:
            made = h.mailroom.enclosures.document(r.number, -1, tongue.lang(), facts)
        except QformsError as fault:
            yield f"▲ {r.number}: {fault}"
        else:
            archive.add(say("单据", "documents"), made.name, made.data)


# ---------------------------------------------------------------- what is told of the case

_Table = tuple[str, list[str], list[list[Any]]]


def _tables(h: house.House, records: Sequence[Record], case_no: str) -> list[_Table]:
    catalogue, lang = h.procedures.catalogue, tongue.lang()

    def short(at: datetime | None) -> str:
        return printing.short(at, h.settings)

    values = [
        [
            r.number,
            catalogue.form(r.form).title[lang],
            f.label[lang],
            catalogue.show(f, r.values[f.name], lang),
            _origin(r, f.name),
        ]
        for r in records
        for f in catalogue.form(r.form).fields
        if f.name in r.values
    ]
    clocks = printing.listed(h.ledger.clocks(subjects=[r.number for r in records]), h.procedures.rulebook)
    limits = [
        [
            c.subject,
            words.clock(h.procedures.rulebook, c.rule),
            short(c.started_at),
            short(c.due_at),
            short(c.met_at),
            words.word(words.CLOCKS, c.state),
            c.owner,
        ]
        for c in clocks
    ]
    letters = [
        [
            short(x.sent_at),
            words.word(words.KINDS, x.intent.kind),
            x.intent.subject,
            ", ".join(x.intent.to),
            words.word(words.LETTERS, x.state),
        ]
        for x in h.ledger.letters(number=case_no)
    ]
    history = [
        [
            short(e.at),
            r.number,
            words.event(catalogue, r.form, e.what),
            case.whose(h, e.rule) or e.by,
            "；".join(d for k, v in e.detail.items() if (d := case.detail(h, r, k, v))),
        ]
        for r in records
        for e in h.ledger.history(r.number)
    ]
    return [
        (say("内容", "Contents"), say("编号 表单 项目 内容 出处", "No. Form Item Content Origin").split(), values),
        (say("时限", "Deadlines"), say(*_LIMITS).split(), limits),
        (say("信件", "Letters"), say("发出 种类 主题 收件人 状态", "Sent Kind Subject To State").split(), letters),
        (say("经过", "History"), say("时间 编号 事项 依据 说明", "Time No. What By Detail").split(), sorted(history)),
    ]  # fmt: skip


def _origin(record: Record, name: str) -> str:
    origin = record.origin.get(name)
    return " · ".join(x for x in (origin.where, origin.by, origin.delivery[:12]) if x) if origin else ""


def _book(tables: Sequence[_Table]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, head, rows in tables:
        sheet = book.create_sheet(title)
        for at, line in enumerate([head, *rows], 1):
            for column, text in enumerate(line, 1):
                cell = sheet.cell(at, column, _plain(text))
                cell.data_type = "s"  # whatever it begins with, it is a text
                cell.alignment = Alignment(vertical="top", wrap_text=True)
                cell.font = Font(
                    name="Microsoft YaHei", size=9.5, bold=at == 1, color="FFFFFF" if at == 1 else "000000"
                )
                if at == 1:
                    cell.fill = PatternFill("solid", fgColor="1F3A5F")
        for column, letter in enumerate("ABCDEFG"[: len(head)]):
            longest = max((len(str(line[column])) for line in [head, *rows]), default=0)
            sheet.column_dimensions[letter].width = min(60, max(12, 2 + 1.6 * longest))
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(text: Any) -> str:
    return "".join(c for c in str(text) if c.isprintable() or c in "\n\t")[:32_000]


def _page(head: Record, tables: Sequence[_Table], files: Sequence[_File], h: house.House) -> bytes:
    title = f"{head.number} {label(head)}"
    listed: _Table = (
        say("文件", "Files"),
        [say("文件", "File"), say("字节", "Bytes"), "SHA-256"],
        [[f.name, f"{f.size:,}", f.digest] for f in files],
    )
    parts = [
        f"<h2>{escape(name)}</h2><table><tr>{''.join(f'<th>{escape(x)}</th>' for x in names)}</tr>"
        + "".join(f"<tr>{''.join(f'<td>{_cell(x)}</td>' for x in row)}</tr>" for row in rows)
        + "</table>"
        for name, names, rows in (listed, *tables)
    ]
    lang = "zh-CN" if tongue.lang() == "zh" else "en"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><p>{escape(h.settings.company.name)}</p>"
        f"{''.join(parts)}</body></html>"
    ).encode()


def _cell(text: Any) -> str:
    said = escape(str(text)).replace("\n", "<br>")
    return f"<code>{said}</code>" if len(said) == 64 and said.isalnum() else said
