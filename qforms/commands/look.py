"""Looking: records, clocks, letters, deliveries as the contract names them, or (`people`) with words for the codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qforms import house, tongue
from qforms.commands import printing, words
from qforms.model import Catalogue, Clock, Lang, QformsError, Told

Plain = dict[str, Any]


def records(root: Path, form: str = "", *, people: bool = False) -> list[Plain]:
    """Every record, in the order in which they were opened."""
    with house.opened(root) as h:
        catalogue = h.procedures.catalogue
        if form:
            known(catalogue, form)
        clocks = by_subject(printing.listed(h.ledger.clocks(), h.procedures.rulebook, hard=True))
        rows = [printing.record(r, clocks[r.number], catalogue, h.settings) for r in h.ledger.records(form)]
        if not people:
            return rows
        return [
            {**r, "form": words.form(catalogue, r["form"]), "status": words.status(catalogue, r["form"], r["status"])}
            for r in rows
        ]


def clocks(root: Path, *, people: bool = False) -> list[Plain]:
    with house.opened(root) as h:
        book = h.procedures.rulebook
        rows = [printing.clock(c, h.settings) for c in printing.listed(h.ledger.clocks(), book)]
        if not people:
            return rows
        return [
            {**r, "clock": words.clock(book, r["clock"]), "state": words.word(words.CLOCKS, r["state"])} for r in rows
        ]


def letters(root: Path, *, people: bool = False) -> list[Plain]:
    with house.opened(root) as h:
        rows = [printing.letter(x, h.settings) for x in h.ledger.letters()]
        if not people:
            return rows
        return [
            {**r, "kind": words.word(words.KINDS, r["kind"]), "state": words.word(words.LETTERS, r["state"])}
            for r in rows
        ]


def deliveries(root: Path, *, people: bool = False) -> list[Plain]:
    with house.opened(root) as h, h.ledger.facts() as facts:
        lang = tongue.lang() if people else h.settings.lang

        def label(row: Mapping[str, Any], name: str) -> str:
            """The field's label on the record that the delivery went to."""
            found = (r for n in row["numbers"] if name and (r := facts.record(n)))
            fields = (h.procedures.catalogue.field(r.form, name) for r in found)
            return next((f.label[lang] for f in fields if f), name)

        rows = [printing.delivery(row, h.settings, partial(label, row), lang) for row in h.ledger.deliveries()]
        return [delivery_words(r) for r in rows] if people else rows


def delivery_words(row: Plain) -> Plain:
    """A delivery for people: what came (a file has no subject, but a name), channel and outcome as words."""
    return {
        **row,
        "what": row["subject"] or row["name"],
        "channel": words.word(words.CHANNELS, row["channel"]),
        "outcome": words.word(words.OUTCOMES, row["outcome"]),
    }


def held(root: Path, *, people: bool = False) -> list[Plain]:
    """Deliveries that wait for the office."""
    rows = [r for r in deliveries(root) if r["outcome"] == "held" and r["state"] == "done"]
    return [{**delivery_words(r), "digest": r["digest"][:12]} for r in rows] if people else rows


def by_subject(clocks: Iterable[Clock]) -> dict[str, list[Clock]]:
    found: dict[str, list[Clock]] = defaultdict(list)
    for c in clocks:
        found[c.subject].append(c)
    return found


def known(catalogue: Catalogue, form: str) -> None:
    """Raises QformsError, which lists the forms there are, when `form` is none of them."""
    if form not in catalogue.forms:
        there = ", ".join(sorted(catalogue.forms))
        raise QformsError(Told(f"没有表单 {form}。有：{there}", f"there is no form {form}. There are: {there}"))


def blank(root: Path, form: str, kind: str, out: Path | None, lang: str) -> Path:
    """Writes a blank form; gives its path."""
    with house.opened(root) as h:
        known(h.procedures.catalogue, form)
        language: Lang = "en" if lang == "en" else "zh" if lang == "zh" else h.settings.lang
        made = h.mailroom.blank(form, kind, language)
        path = out or Path(made.name)
        path.write_bytes(made.data)
        return path
