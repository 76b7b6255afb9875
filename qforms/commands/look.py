"""Looking: records, clocks, letters, deliveries, one case with everything about it, blank forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qforms import house
from qforms.commands import printing
from qforms.model import Clock, Lang, QformsError, Record, Told

Plain = dict[str, Any]


def records(root: Path, form: str = "") -> list[Plain]:
    """Every record as the contract names it, in the order in which they were opened."""
    with house.opened(root) as h:
        if form and form not in h.procedures.catalogue.forms:
            known = "、".join(sorted(h.procedures.catalogue.forms))
            raise QformsError(f"没有表单 {form} (no such form)。有：{known}")
        clocks = _by_subject(printing.listed(h.ledger.clocks(), h.procedures.rulebook, hard=True))
        catalogue = h.procedures.catalogue
        return [printing.record(r, clocks[r.number], catalogue, h.settings) for r in h.ledger.records(form)]


def clocks(root: Path) -> list[Plain]:
    with house.opened(root) as h:
        return [printing.clock(c, h.settings) for c in printing.listed(h.ledger.clocks(), h.procedures.rulebook)]


def letters(root: Path) -> list[Plain]:
    with house.opened(root) as h:
        return [printing.letter(x, h.settings) for x in h.ledger.letters()]


def deliveries(root: Path) -> list[Plain]:
    with house.opened(root) as h, h.ledger.facts() as facts:

        def label(row: Mapping[str, Any], name: str) -> str:
            """The field's label on the record that the delivery went to."""
            found = (r for n in row["numbers"] if name and (r := facts.record(n)))
            fields = (h.procedures.catalogue.field(r.form, name) for r in found)
            return next((f.label[h.settings.lang] for f in fields if f), name)

        return [printing.delivery(row, h.settings, partial(label, row)) for row in h.ledger.deliveries()]


def _by_subject(clocks: list[Clock]) -> dict[str, list[Clock]]:
    found: dict[str, list[Clock]] = defaultdict(list)
    for c in clocks:
        found[c.subject].append(c)
    return found


# ---------------------------------------------------------------- one case or document


def case(root: Path, number: str) -> Iterator[str]:
    """Lines about a case or a document: values with their origin, history, clocks, letters. Raises QformsError."""
    with house.opened(root) as h:
        with h.ledger.facts() as facts:
            record = facts.record(number)
        if record is None:
            raise QformsError(Told(f"没有 {number}", f"there is no {number}"))
        yield from _values(h, record)
        related = [r for r in h.ledger.records(case_no=record.case_no or number) if r.number != number]
        if related:
            yield "\n相关单据"
            for r in related:
                title = h.procedures.catalogue.form(r.form).title[h.settings.lang]
                yield f"  {r.number}  {title}  {_status(h, r)}  第 {r.issue} 版"
        yield from _clocks(h, [number, *(r.number for r in related)])
        yield "\n信件"
        for x in h.ledger.letters(number=number):
            sent = printing.short(x.sent_at, h.settings) or x.state
            yield f"  {sent}  {x.intent.kind}  → {', '.join(x.intent.to)}  {x.intent.subject}"
        yield "\n经过"
        for e in h.ledger.history(number):
            detail = "；".join(f"{k}={printing.short(v, h.settings) if k == 'due' else v}" for k, v in e.detail.items())
            yield f"  {printing.short(e.at, h.settings)}  {e.what}  {e.rule or e.by}  {detail}".rstrip()


def _values(h: house.House, record: Record) -> Iterator[str]:
    catalogue, lang = h.procedures.catalogue, h.settings.lang
    form = catalogue.form(record.form)
    case_no = record.case_no or "—"
    yield f"{record.number}  {form.title[lang]}  {_status(h, record)}  第 {record.issue} 版  案件 {case_no}"
    for field in form.fields:
        if field.name not in record.values:
            continue
        origin = record.origin.get(field.name)
        source = " · ".join(x for x in (origin.where, origin.by, origin.delivery[:12]) if x) if origin else ""
        value = catalogue.show(field, record.values[field.name], lang)
        yield f"  {field.label[lang]}：{value}" + (f"    ← {source}" if source else "")


def _status(h: house.House, record: Record) -> str:
    return h.procedures.catalogue.form(record.form).lifecycle.state(record.status).label[h.settings.lang]


def _clocks(h: house.House, numbers: list[str]) -> Iterator[str]:
    yield "\n时限"
    by_subject = _by_subject(printing.listed(h.ledger.clocks(), h.procedures.rulebook))
    for number in numbers:
        for c in by_subject[number]:
            rule = h.procedures.rulebook.clock(c.rule)
            title = rule.title[h.settings.lang] if rule else c.rule
            met = printing.short(c.met_at, h.settings)
            yield f"  {number}  {title}  到期 {printing.short(c.due_at, h.settings)}  {c.state}" + (
                f"  {met}" if met else ""
            )


# ---------------------------------------------------------------- blank forms


def blank(root: Path, form: str, kind: str, out: Path | None, lang: str) -> Path:
    """Writes a blank form; gives its path."""
    with house.opened(root) as h:
        if form not in h.procedures.catalogue.forms:
            known = "、".join(sorted(h.procedures.catalogue.forms))
            raise QformsError(f"没有表单 {form} (no such form)。有：{known}")
        language: Lang = "en" if lang == "en" else "zh" if lang == "zh" else h.settings.lang
        made = h.mailroom.blank(form, kind, language)
        path = out or Path(made.name)
        path.write_bytes(made.data)
        return path
