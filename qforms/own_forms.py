"""Customers' own forms as enclosures of a letter (P44): filled in from the record, and where that cannot be, our own
document and a task that says why: a letter is never lost over a template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qforms.documents import own
from qforms.model import EMPTY, LetterIntent, QformsError, Record, Store, Task, Text, Told
from qforms.settings import Procedures

ACTIONS = ("已办",)
_MOST = 6  # cells that a task names


class OwnForms:
    """Fills in customers' own forms; `tasks` are what the office has to do about them."""

    def __init__(self, store: Store, procedures: Procedures) -> None:
        self._store, self._procedures = store, procedures
        self._root = procedures.settings.root / "form_templates"
        self.tasks: list[Task] = []

    def filled(
        self, file: str, record: Record, intent: LetterIntent, english: Mapping[str, str] = EMPTY
    ) -> tuple[str, bytes, str] | None:
        """The name, bytes and media type of the form; None where it cannot be filled in, which a task tells."""
        words = self._words(record, intent, english)
        try:
            path = own.path_of(self._root, record.form, file)
            data = own.fill(path, words, self._photos(record))
            gaps = own.lacking(path, words)
        except QformsError as fault:
            self._tell(record, intent, file, fault)
            return None
        if gaps:
            self._ask(record, intent, file, gaps)
        return f"{record.number} {file}", data, own.KINDS[path.suffix.lower()]

    def _words(self, record: Record, intent: LetterIntent, english: Mapping[str, str]) -> own.Words:
        """What a record says to whoever the letter is for, in his language."""
        p, lang = self._procedures, intent.lang
        company = p.settings.company
        return own.Words(
            p.catalogue.form(record.form),
            record,
            p.catalogue,
            lang,
            english=english,
            company=(company.name_en if lang == "en" else "") or company.name,
            today=p.settings.local(intent.at).date() if intent.at else None,
        )

    def _photos(self, record: Record) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for field in self._procedures.catalogue.form(record.form).fields:
            value = record.values.get(field.name) or () if field.type == "img" else ()
            for row in (value,) if isinstance(value, Mapping) else value:
                digest = str(row.get("digest", ""))
                if digest and self._store.has(digest):
                    found[digest] = self._store.get(digest)
        return found

    def _tell(self, record: Record, intent: LetterIntent, file: str, fault: QformsError) -> None:
        told = fault.text if isinstance(fault.text, Told) else Told(fault.text, fault.text)
        where = Path(told.where.rstrip(": ")).name if told.where else file
        zh = f"客户表格「{file}」没填成（{where}：{told.zh}），{record.number} 附的是我方表格：请改好模板"
        en = f"“{file}” could not be filled in ({where}: {told.en}); {record.number} has our own form: correct it"
        self._task("own_form", record, intent, file, Text(zh, en))

    def _ask(self, record: Record, intent: LetterIntent, file: str, gaps: list[tuple[str, str]]) -> None:
        cells = "；".join(f"{where}「{label}」" for where, label in gaps[:_MOST])
        more = len(gaps) - _MOST
        zh = f"{record.number} 的客户表格「{file}」还空着：{cells}" + (f" 等 {len(gaps)} 处" if more > 0 else "")
        en = f"{record.number}: still empty in “{file}”: {cells}" + (f" and {more} more" if more > 0 else "")
        self._task("own_form_gaps", record, intent, file, Text(zh, en))

    def _task(self, kind: str, record: Record, intent: LetterIntent, file: str, text: Text) -> None:
        key = f"{kind}:{intent.key}:{file}"
        case = record.case_no or record.number
        assert intent.at is not None
        self.tasks.append(Task(key, kind, case, record.number, text, "office", intent.at, actions=ACTIONS))
