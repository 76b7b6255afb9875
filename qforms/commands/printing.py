"""What the command line prints: plain values for JSON and CSV, tables for people. Pure but for printing."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

from qforms.model import Catalogue, Clock, Entry, Lang, Letter, Problem, Record, Rulebook
from qforms.problems import say
from qforms.settings import Settings

Plain = dict[str, Any]

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+[+-]\d\d:\d\d")


def iso(at: datetime | None, settings: Settings) -> str | None:
    """ISO 8601 with the offset of the company's zone."""
    return settings.local(at).isoformat() if at else None


def record(r: Record, clocks: Sequence[Clock], catalogue: Catalogue, settings: Settings) -> Plain:
    """A record as the contract names it; `clocks` are the hard limits that run or ran on it."""
    due = r.values.get("due_at") or _due(clocks)
    return {
        "form": r.form,
        "number": r.number,
        "revision": r.revision,
        "issue": r.issue,
        "status": r.status,
        "case_no": r.case_no,
        "values": catalogue.plain(r.form, r.values),
        "due_at": iso(due, settings),
        "to": list(r.values.get("to_depts") or ()),
        "cc": list(r.values.get("cc_depts") or ()),
        "received_at": iso(r.received_at, settings),
        "issued_at": iso(r.values.get("issued_at"), settings),
    }


def _due(clocks: Sequence[Clock]) -> datetime | None:
    """The next limit that is still to be kept; when all are, the first there was."""
    valid = [c for c in clocks if c.state != "cancelled"]
    open_ = [c.due_at for c in valid if c.met_at is None]
    return min(open_ or [c.due_at for c in valid], default=None)


def clock(c: Clock, settings: Settings) -> Plain:
    return {
        "clock": c.rule,
        "case_no": c.case_no,
        "number": c.subject,
        "started_at": iso(c.started_at, settings),
        "due_at": iso(c.due_at, settings),
        "agreed_at": iso(c.extension[0], settings) if c.extension else None,
        "met_at": iso(c.met_at, settings),
        "state": c.state,
        "escalations": c.escalations,
        "owner": c.owner,
        "act_by": iso(c.act_by, settings),
        "steps": list(c.steps),
        "reason": c.reason,
    }


def listed(clocks: Iterable[Clock], rulebook: Rulebook, *, hard: bool = False) -> list[Clock]:
    """Obligations only: timers are nobody's deadline; with `hard`, soft targets are left out too."""
    out = {r.name for r in rulebook.clocks if (r.timer and not r.owner.names) or (hard and r.soft)}
    return [c for c in clocks if c.rule not in out]


def letter(x: Letter, settings: Settings) -> Plain:
    i = x.intent
    return {
        "key": i.key,
        "kind": i.kind,
        "audience": i.audience,
        "to": list(i.to),
        "cc": list(i.cc),
        "subject": i.subject,
        "state": x.state,
        "number": i.number,
        "case_no": i.case_no,
        "revision": i.revision,
        "issue": i.facts.get("revision"),
        "sent_at": iso(x.sent_at, settings),
        "attempts": x.attempts,
        "last_error": x.last_error,
        "message_id": x.message_id,
        "attach": list(i.attach),
        "rule": i.rule,
    }


def delivery(
    row: Mapping[str, Any], settings: Settings, label: Callable[[str], str] = str, lang: Lang | None = None
) -> Plain:
    """A delivery as the contract names it; `label` gives what people call a field. The reason is told in `lang`, else
    in the company's language."""
    problems = [Problem(**p) for p in row["reason"]]
    return {
        "digest": row["digest"],
        "channel": row["channel"],
        "received_at": iso(row["received_at"], settings),
        "sender": row["sender"],
        "subject": row["subject"],
        "name": row["name"],
        "outcome": row["outcome"],
        "reason": "；".join(say(p, lang or settings.lang, label(p.field)) for p in problems),
        "codes": [p.code for p in problems],
        "numbers": row["numbers"],
        "state": row["state"],
    }


def entry(e: Entry, settings: Settings) -> Plain:
    return {
        "at": iso(e.at, settings),
        "what": e.what,
        "rule": e.rule,
        "delivery": e.delivery,
        "by": e.by,
        "detail": dict(e.detail),
    }


def print_json(rows: Iterable[Plain], out: TextIO) -> None:
    """One JSON object a line."""
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def print_csv(rows: Sequence[Plain], out: TextIO) -> None:
    """A header and a line each; nested values as JSON. Cells that a spreadsheet would run are made text."""
    if not rows:
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(v) for v in row.values()])
    out.write(buffer.getvalue())


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people, as wide as the terminal; times to the minute."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if v is None else escape(_ISO.sub(r"\1 \2", str(v))) for v in row))
    Console(soft_wrap=False).print(table)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """How far long work is, beside a turning wheel, on a terminal; on anything else nothing is shown. Give it to the
    work, which says what it is at."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    done = 0

    def step(at: str) -> None:
        nonlocal done
        done += 1
        status.update(f"{what}  {done}  {escape(at[:80])}")

    with Console(stderr=True).status(what) as status:
        yield step


def short(at: datetime | str | None, settings: Settings) -> str:
    """2026-05-14 17:20 in the company's zone."""
    if not at:
        return ""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return settings.local(when).strftime("%Y-%m-%d %H:%M")


def label_of(catalogue: Catalogue, form: str, name: str, lang: Lang) -> str:
    field = catalogue.field(form, name)
    return field.label[lang] if field else name
