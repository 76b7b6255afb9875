"""The English of a record's texts (P47): a list with a row for each Chinese text, its English from the company's terms
or from whoever enters it. A text that changes loses its English: it says something else now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from qforms.model import Origin, Record, TranslateRule
from qforms.rules.work import Work

_CHINESE = re.compile(r"[\u3400-\u9fff]")


def settle(work: Work, number: str) -> None:
    """Keeps the lists of texts in step, and tells which have no English yet."""
    record = work.view.record(number)
    for rule in work.book.translations.get(record.form, ()) if record else ():
        record = work.view.record(number)
        assert record is not None
        wanted = rule.when is None or rule.when(work.names(record)) is True
        rows = tuple(_rows(work, rule, record)) if wanted else ()
        changes: dict[str, Any] = {rule.name: rows or None}
        if rule.missing:
            changes[rule.missing] = tuple(row["what"] for row in rows if "en" not in row) or None
        work.revise(number, changes, Origin("", by=rule.name), content=False)


def _rows(work: Work, rule: TranslateRule, record: Record) -> Iterator[dict[str, str]]:
    given = {str(row.get("zh")): row.get("en") for row in record.values.get(rule.name) or ()}
    for zh, what in _texts(work, rule, record).items():
        en = given.get(zh) or _term(work, rule, zh)
        yield {"what": what, "zh": zh, **({"en": str(en)} if en else {})}


def _texts(work: Work, rule: TranslateRule, record: Record) -> dict[str, str]:
    """Each Chinese text of the record, once -> what it is: 问题陈述, 围堵措施 2 措施内容."""
    found: dict[str, str] = {}
    lang = work.settings.lang
    for name in rule.texts:
        top, _, column = name.partition(".")
        field = work.catalogue.field(record.form, top)
        value = record.values.get(top)
        if field is None or value in (None, ""):
            continue
        columns = {c.name: c.label[lang] for c in field.fields}
        several = value if isinstance(value, tuple) else (value,)
        for n, one in enumerate(several, start=1):
            text = one.get(column) if isinstance(one, Mapping) else one
            words = (field.label[lang], str(n) if isinstance(value, tuple) else "", columns.get(column, ""))
            if isinstance(text, str) and _CHINESE.search(text):
                found.setdefault(text, " ".join(w for w in words if w))
    return found


def _term(work: Work, rule: TranslateRule, zh: str) -> str:
    """What the company calls it; "" when its list does not say. The newest word counts."""
    terms = work.view.find(rule.terms, "zh", zh) if rule.terms else ()
    return next((str(t.values["en"]) for t in terms if t.values.get("en") and not work.final(t)), "")
