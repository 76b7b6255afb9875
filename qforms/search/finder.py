"""From the ledger and the store to texts, and from words to hits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from qforms import intake
from qforms.intake import body, charset, filekind, wrapped
from qforms.intake.headers import decode
from qforms.ledger import Ledger
from qforms.model import Delivery, Letter, Part, Record, Store
from qforms.office.book import Book, OfficeFault
from qforms.search.index import Hit, Index, Passage
from qforms.settings import Procedures

NAME = "search.db"
_AT_ONCE = 100  # deliveries, or lines of history, between two commits of the index
_LATE = 200  # ids that may become visible after later ones, where several programs write at once
_LOOKED_BACK, _TASKS_BACK = 86400, 60 * 86400  # seconds: letters sent late, tasks whose pictures are read late
_NO_TEXT = frozenset({"file", "img", "sig"})
_MAILS = frozenset({"message/rfc822", filekind.MSG, filekind.TNEF})

Open = Callable[[bytes, str], Book]


class Finder:
    """Searches one workspace. `open_file` reads an Office file or PDF in the limited child process."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures, open_file: Open) -> None:
        self._ledger, self._store, self._procedures, self._open = ledger, store, procedures, open_file
        self._index = Index(procedures.settings.path(NAME))
        self._late = _LATE if ledger.url.startswith("postgresql") else 0

    def find(self, words: str, most: int = 50) -> list[Hit]:
        """What holds all the words, as far as the index goes (`catch_up`)."""
        with self._index.opened() as index:
            return index.find(words, most)

    def catch_up(self, progress: Callable[[int], None] = lambda _: None, seconds: float = 0.0) -> int:
        """Reads what came and changed since the last time, records first, for about `seconds` (0: all); gives how many
        texts that were. `progress` hears of each hundred deliveries or changes."""
        self.forget()
        done, until = 0, time.monotonic() + seconds if seconds else None
        for step in (self._records, self._deliveries, self._letters, self._pictures):
            while (until is None or time.monotonic() < until) and (made := step()) is not None:
                done += made
                progress(done)
        return done

    def forget(self) -> None:
        """Takes out what was forgotten since the last time, by this machine or another; nothing without an index."""
        if not self._index.exists:
            return
        with self._index.opened(write=True) as index:
            before = index.mark("forgotten")
            last, numbers, digests = self._ledger.forgotten(max(0, before - self._late))
            for digest in digests:
                index.drop(digest)
            for record in self._ledger.records(numbers=numbers) if numbers else ():
                if index.revision(f"record/{record.number}") is not None:
                    index.put(self._of_record(record))
            index.wipe()
            index.set_mark("forgotten", last)

    def behind(self) -> bool:
        """Whether the ledger holds what the index does not know yet."""
        with self._index.opened() as index:
            entry, delivery = index.mark("entry"), index.mark("delivery")
        return self._ledger.changed(entry, 1)[0] > entry or bool(self._ledger.deliveries(after=delivery, limit=1))

    # ------------------------------------------------------------ records

    def _records(self) -> int | None:
        """The records of the next changes; None when there are none."""
        with self._index.opened(write=True) as index:
            before, made = index.mark("entry"), 0
            last, numbers = self._ledger.changed(max(0, before - self._late), 10 * _AT_ONCE)
            for record in self._ledger.records(numbers=numbers) if numbers else ():
                if index.revision(f"record/{record.number}") != record.revision:
                    index.put(self._of_record(record))
                    made += 1
            index.set_mark("entry", max(before, last))
        return made if last > before else None

    def _of_record(self, record: Record) -> Passage:
        catalogue, lang = self._procedures.catalogue, self._procedures.settings.lang
        form = catalogue.form(record.form)
        said = [
            f"{f.label[lang]}：{text}"
            for f in form.fields
            if f.name in record.values
            and f.type not in _NO_TEXT
            and (text := catalogue.show(f, record.values[f.name], lang))
        ]
        at = record.received_at or record.at
        title = f"{record.number} {form.title[lang]}"
        return Passage(
            f"record/{record.number}",
            record.number,
            record.case_no,
            "record",
            title,
            _iso(at),
            "\n".join(said),
            record.revision,
        )

    # ------------------------------------------------------------ mails and files

    def _deliveries(self) -> int | None:
        with self._index.opened(write=True) as index:
            before, made = index.mark("delivery"), 0
            rows = self._ledger.deliveries(after=max(0, before - self._late), limit=_AT_ONCE + self._late)
            for row in rows:
                if row["id"] <= before and index.revision(f"mail/{row['digest']}") is not None:
                    continue
                for passage in self._of_delivery(row):
                    index.put(passage)
                    made += row["id"] > before
            last = rows[-1]["id"] if rows else before
            index.set_mark("delivery", last)
        return made if last > before else None

    def _of_delivery(self, row: Mapping[str, Any]) -> Iterator[Passage]:
        """The words of a mail, and of each file in it; of a file that was laid into the folder its own."""
        if row["channel"] == "workbook" or not self._store.has(row["digest"]):
            return
        raw = self._store.get(row["digest"])
        delivery = Delivery(row["channel"], row["locator"], row["received_at"], raw, row["name"], row["digest"])
        number = next(iter(row["numbers"]), "")
        about = (number, number, _iso(row["received_at"]))
        try:
            if row["channel"] != "folder" or filekind.kind(raw, row["name"]) in _MAILS:
                text = body.read(wrapped.parse(raw), row["subject"]).text
                yield _passage(f"mail/{row['digest']}", "mail", about, f"{row['subject']} {row['sender']}", text)
            parts = [p for p in intake.parts_of(delivery) if p.name]
        except Exception:  # a mail that nobody can read: it stands among what is held
            return
        for part in parts:
            if text := self._text(part):
                yield _passage(f"file/{row['digest']}/{part.path}", "file", about, part.name, text)

    def _text(self, part: Part) -> str:
        if part.kind in filekind.OFFICE or part.kind == filekind.PDF:
            try:
                book = self._open(part.data, part.name)
            except OfficeFault:
                return ""
            return "\n".join(_lines(book))
        return charset.decode(part.data)[0] if part.kind in ("text/plain", "text/csv") else ""

    # ------------------------------------------------------------ letters, and what pictures show

    def _letters(self) -> int | None:
        """The words of the next letters that left; None when there are none. Letters leave in another order than they
        are owed, so those of the last day are looked at again."""
        with self._index.opened(write=True) as index:
            mark, made = index.mark("letter"), 0
            since = datetime.fromtimestamp(max(0, mark - _LOOKED_BACK), UTC)
            for page in self._ledger.letters_sent(since):
                for letter in page:
                    if letter.digest and index.revision(f"mail/{letter.digest}") is None:
                        index.put(self._of_letter(letter))
                        made += 1
                    mark = max(mark, int(letter.sent_at.timestamp()) if letter.sent_at else 0)
                if made >= _AT_ONCE:
                    break
            index.set_mark("letter", mark)
        return made or None

    def _of_letter(self, letter: Letter) -> Passage:
        intent = letter.intent
        about = (intent.number, intent.case_no, _iso(letter.sent_at))
        text = ""
        if self._store.has(letter.digest):
            text = body.read(wrapped.parse(self._store.get(letter.digest)), intent.subject).text
        return _passage(f"mail/{letter.digest}", "letter", about, f"{intent.subject} → {', '.join(intent.to)}", text)

    def _pictures(self) -> int | None:
        """What was recognised on photos and scans, whatever became of the proposal."""
        with self._index.opened(write=True) as index:
            mark, made = index.mark("task"), 0
            for task in self._ledger.tasks_since(datetime.fromtimestamp(max(0, mark - _TASKS_BACK), UTC)):
                for digest, name, text in task.context.get("read") or ():
                    if index.revision(f"file/{digest}/read") is None:
                        about = (task.number, task.case_no, _iso(task.opened_at))
                        index.put(_passage(f"file/{digest}/read", "file", about, name, text))
                        made += 1
                mark = max(mark, int(task.opened_at.timestamp()))
            index.set_mark("task", mark)
        return made or None


def _passage(ref: str, kind: str, about: tuple[str, str, str], title: str, text: str) -> Passage:
    number, case_no, at = about
    return Passage(ref, number, case_no, kind, decode(title)[0] if "=?" in title else title, at, text)


def _lines(book: Book) -> Iterator[str]:
    """The words of a file, a row a line."""
    for grid in book.grids:
        rows: dict[int, list[str]] = {}
        for (row, _), cell in sorted(grid.cells.items()):
            if said := str(cell.raw).strip():
                rows.setdefault(row, []).append(said)
        yield from (" ".join(row) for row in rows.values())


def _iso(at: Any) -> str:
    return at.isoformat() if at else ""
