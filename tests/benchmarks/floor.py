"""The floor of intake: a mail parsed, what it makes committed, its answer composed and written, and nothing else.

No rules, no trust, no figures, no letters to departments, no case folders, no workbook. The same parsers, tables and
composers as the program's, in groups of 50: what is left of the time above it is what the program does for the office.

As a script it takes a folder of mails and a folder to work in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GROUP = 50
AT = datetime(2026, 5, 6, 6, 20, tzinfo=UTC)


def command(mails: Path, work: Path) -> list[str]:
    return [sys.executable, str(Path(__file__)), str(mails), str(work)]


def run(mails: Path, work: Path) -> int:
    from qforms.ledger import FileStore, Ledger
    from qforms.office.child import OfficeReader
    from qforms.settings import Limits

    work.mkdir(parents=True)
    (work / "sent").mkdir()
    ledger = Ledger(work / "ledger.db", None, "company.example")  # type: ignore[arg-type]
    ledger.migrate()
    store, files = FileStore(work / "store"), sorted(mails.iterdir())
    with OfficeReader(Limits()) as office:
        for at in range(0, len(files), GROUP):
            _group(files[at : at + GROUP], at, work / "sent", ledger, store, office)
    ledger.close()
    return len(files)


def _group(files: Sequence[Path], first: int, sent: Path, ledger: Any, store: Any, office: Any) -> None:
    from sqlalchemy import insert

    from qforms.intake import body, mime
    from qforms.ledger import tables as t

    raws = [file.read_bytes() for file in files]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("delivery", "record", "revision", "entry", "letter")}
    answers: list[tuple[str, str]] = []
    for n, (digest, raw) in enumerate(zip(store.put_all(raws), raws, strict=True), first):
        mail = mime.parse(raw)
        values = dict(line.partition("：")[::2] for line in body.read(mail, "").text.splitlines() if "：" in line)
        for leaf in mail.leaves:
            if leaf.name:
                book = office.read(leaf.data, leaf.name)
                values |= {name: str(place) for name, place in book.names.items()}
        _owed(rows, n, digest, mail.header("message-id"), values)
        answers.append((f"TS-{n}", mail.header("message-id")))
    with ledger.begin() as tx:
        for name, found in rows.items():
            tx._db.execute(insert(t.metadata.tables[name]), found)
    for number, message_id in answers:
        (sent / number).write_bytes(_answer(number, message_id))


def _owed(rows: dict[str, list[dict[str, Any]]], n: int, digest: str, message_id: str, values: dict[str, str]) -> None:
    """The rows that are written for a mail: itself, its record and revision, a line of history, the letter owed."""
    number, said = f"TS-{n}", {"by": "", "at": AT}
    rows["delivery"].append(
        {"key": digest, "digest": digest, "channel": "maildir", "locator": str(n), "name": "", "received_at": AT,
         "taken_at": AT, "sender": "", "subject": "", "message_id": message_id, "outcome": "accepted", "reason": [],
         "numbers": [number], "state": "done"}
    )  # fmt: skip
    record = {"number": number, "revision": 0, "status": "open", "vals": values, "origin": {}, **said}
    rows["record"].append({**record, "form": "complaint", "case_no": number, "received_at": AT})
    rows["revision"].append(record)
    rows["entry"].append({"number": number, "what": "opened", "rule": "", "delivery": digest, "detail": {}, **said})
    rows["letter"].append(
        {"key": number, "kind": "acknowledgement", "audience": "customer", "to": ["a@b.example"], "cc": [],
         "lang": "zh", "number": number, "revision": 0, "case_no": number, "subject": "", "facts": {}, "attach": [],
         "code": "", "in_reply_to": message_id, "references": [], "not_before": None, "urgent": False, "rule": "",
         "at": AT, "state": "sent", "message_id": number, "digest": "", "attempts": 1, "sent_at": AT, "last_error": "",
         "refused": [], "next_try": None}
    )  # fmt: skip


def _answer(number: str, message_id: str) -> bytes:
    from qforms.model import LetterIntent
    from qforms.outbox import mime

    intent = LetterIntent(
        number, "acknowledgement", "customer", ("a@b.example",), (), "zh", number, 0, number, "", {},
        in_reply_to=message_id,
    )  # fmt: skip
    text = f"您的反馈已收到，编号 {number}。我们将在 48 小时内答复您，请在回信中保留编号。\n"
    return mime.build(
        intent, f"已收到 {number}", text, "", [], sender="quality@company.example", message_id=f"<{number}@a.example>",
        date=AT,
    )  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    print(run(Path(sys.argv[1]), Path(sys.argv[2])))
