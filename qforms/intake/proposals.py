"""What a picture proposes for a record (P17): values that were recognised and that nobody has confirmed. They stand in
待办 in yellow; 「采用」 makes them values, of the mail that brought the picture, 说明 puts single ones right. The
record's own cells stay empty until then: who filters or counts that sheet must not meet what nobody has seen (P16)."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Collection, Mapping, Sequence

from qforms.forms import types
from qforms.intake import filekind, freetext, rights
from qforms.intake.matter import Matter, task
from qforms.model import NO_TEXT, UNCONFIRMED, Filled, Form, Part, Problem, Reading, Record, Speaker, Task, Text, Value
from qforms.office.book import Book
from qforms.office.find import find
from qforms.settings import Procedures

PROPOSAL = "proposal"  # the kind of task that asks whether what photos of a new case show is right
ADOPT = "采用"
_APART = re.compile(r"[;；\n]+|[,，](?=[^,，;；:：]{1,30}[:：])")
_ATTACHED = frozenset({"file", "img", "sig", "list"})
_LONGEST = 60


def pictures(evidence: Sequence[Part]) -> list[list[str]]:
    """Digest and name of what may be recognised: photos and scanned PDFs."""
    return [[p.digest, p.name] for p in evidence if p.kind.startswith("image/") or p.kind == filekind.PDF]


def asked(matter: Matter, evidence: Sequence[Part], record: Record | None = None) -> tuple[Task, ...]:
    """Where pictures can be read: a task for those that came with a case, to be named or dropped once they are."""
    found = pictures(evidence)
    if not found or not matter.procedures.reads_pictures:
        return ()
    text = Text("核对照片里的内容。", "Check what the photos show.")
    return (task(matter, PROPOSAL, text, "intake", record, actions=(ADOPT, "忽略"), pictures=found),)


def wanted(form: Form, record: Record, procedures: Procedures) -> set[str]:
    """The fields of a record that a picture may propose: empty ones of the parts that are sent out to be filled in, or
    those that the office may write."""
    replies = {f.name for s in form.sections if s.reply for f in s.fields}
    may = rights.writable(form, Speaker("office"), record)
    names = replies or {f.name for f in form.fields if may(f.name)}
    return {n for n in names if record.values.get(n) in (None, "", ())}


def of_book(book: Book, form: Form, wanted: Collection[str], procedures: Procedures) -> dict[str, str]:
    """Field -> the text recognised for it; only what reads as a value of that field."""
    found = find(book, form, freetext.labels_of(form))
    told: dict[str, str] = {}
    for name, (raw, where) in found.values.items():
        fld = form.field(name)
        if fld is None or name not in wanted or fld.type in _ATTACHED:
            continue
        value, problems = types.parse_all(fld, raw, where, procedures.settings.zone)
        if value is not None and not any(p.severity == "error" for p in problems):
            told[name] = str(raw)
    return told


def named(task: Task, form: Form, told: Mapping[str, tuple[str, str]]) -> Task:
    """The task with what was recognised, field -> (text, picture), in its words and to be adopted."""
    said = {lang: _listed(form, told, lang) for lang in ("zh", "en")}
    about = task.text if task.kind != PROPOSAL else NO_TEXT
    text = Text(
        f"{about.zh}图片认出（{UNCONFIRMED.zh}）：{said['zh']}。对的选“{ADOPT}”，不对的在说明里写“标签：值”。",
        f"{about.en} Recognised ({UNCONFIRMED.en}): {said['en']}. Choose “adopt”; put right as “label: value”.".strip(),
    )
    proposed = {name: list(one) for name, one in told.items()}
    return dc.replace(task, text=text, context={**task.context, "proposed": proposed})


def _listed(form: Form, told: Mapping[str, tuple[str, str]], lang: str) -> str:
    labels = {f.name: f.label[lang] for f in form.fields}
    shown = (f"{labels[n]}＝{' '.join(raw.split())[:_LONGEST]}" for n, (raw, _) in told.items())
    return ("；" if lang == "zh" else "; ").join(shown)


def adopted(task: Task, note: str, form: Form) -> dict[str, tuple[str, str]]:
    """Field -> (text, where it was read): what was proposed, with what the note says instead."""
    proposed = task.context.get("proposed") or {}
    told = {str(name): (str(raw), str(where)) for name, (raw, where) in proposed.items()}
    labels = freetext.labels_of(form)
    for line in filter(None, _APART.split(note)):
        label, _, raw = line.replace("：", ":").partition(":")
        if (name := labels.find(label.strip())) and raw.strip():
            told[name] = (raw.strip(), "说明")
    return told


def told_by(
    reading: Reading, number: str, form: Form, told: Mapping[str, tuple[str, str]], procedures: Procedures
) -> Reading:
    """The reading of a mail whose pictures were typed in: as if its sender had filled in that form."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, (raw, where) in told.items():
        fld = form.field(name)
        if fld is not None:
            value, wrong = types.parse_all(fld, raw, where, procedures.settings.zone)
            problems += wrong
            if value is not None:
                values[name] = value
    places = {name: place for name, (_, place) in told.items()}
    raws = {name: raw for name, (raw, _) in told.items()}
    filled = Filled(form.name, values, places, raws, tuple(problems), "told", number=number)
    return dc.replace(reading, filled=(filled,), kind="form", problems=())
