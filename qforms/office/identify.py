"""Which form a file is: by its stamp, its properties, the form code or title printed on it, else by its labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from qforms.model import Form
from qforms.office.book import Book
from qforms.office.values import Labels

_AT_LEAST = 35  # of 100: below, labels suggest nothing
_FEW = 3  # labels of a form that stand in a file before these tell anything
_TWO = 2  # labels beside a title that is itself a label elsewhere (客户, Product)
_SHORT = 6  # characters; a shorter code (F01, CH) also stands in files that have nothing to do with us
_LINES = 400  # texts that are looked at


class Catalogue(Protocol):
    """The declared forms and their labels (`forms.catalogue.Catalogue`)."""

    forms: Mapping[str, Form]

    def labels(self, form: str) -> Labels: ...


@dataclass(frozen=True)
class Candidate:
    """A form that a file may be. `score` of 100; only `labels` is a guess, to be asked about. `stamp` as found."""

    form: str
    how: Literal["stamp", "property", "code", "title", "labels"]
    score: int
    stamp: str = ""


def identify(book: Book, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The forms that `book` may be, the surest first, each once; empty when it is none of ours."""
    best: dict[str, Candidate] = {}
    for candidate in _candidates(book, catalogue):
        if candidate.form not in best:
            best[candidate.form] = candidate
    return tuple(sorted(best.values(), key=lambda c: -c.score))


def _candidates(book: Book, catalogue: Catalogue) -> Iterator[Candidate]:
    stamped = [(s.split(".")[1], s) for s in book.stamps if s.split(".")[1] in catalogue.forms]
    if stamped:
        yield from (Candidate(name, "stamp", 100, stamp) for name, stamp in stamped)
        return  # what is printed says no more
    if (name := book.properties.get("qf_form", "")) in catalogue.forms:
        yield Candidate(name, "property", 98)
    texts = list(_texts(book))
    labels = _labels(texts, catalogue)
    sure = list(_printed(texts, catalogue, labels))
    yield from sure
    if not sure:
        yield from _by_labels(labels, catalogue)


def _texts(book: Book) -> Iterator[str]:
    left = _LINES
    for grid in book.grids:
        if not grid.hidden:
            yield grid.name
            for cell in list(grid.cells.values())[:left]:
                if cell.kind == "text":
                    yield cell.text
    yield from book.text.splitlines()[:left]


def _printed(texts: list[str], catalogue: Catalogue, labels: Mapping[str, set[str]]) -> Iterator[Candidate]:
    """By the code or the title that stands on the form; one that stands in anybody's files only beside its labels."""
    squeezed = ["".join(t.split()).casefold() for t in texts if len(t) <= 200]
    for name, form in catalogue.forms.items():
        code = "".join(form.code.split()).casefold()
        telling = len(code) >= _SHORT or len(labels[name]) >= _FEW
        if code and telling and any(_has(t, code) for t in squeezed):
            yield Candidate(name, "code", 95)
    for name, form in catalogue.forms.items():
        titles = {"".join(t.split()).casefold(): t for t in (form.title.zh, form.title.en) if t}
        for title in titles.keys() & set(squeezed):
            if len(labels[name]) >= _TWO or not any(catalogue.labels(f).find(titles[title]) for f in catalogue.forms):
                yield Candidate(name, "title", 90)


def _has(text: str, code: str) -> bool:
    at = text.find(code)
    if at < 0:
        return False
    before, after = text[:at][-1:], text[at + len(code) :][:1]
    return not re.match("[a-z0-9]", before) and not re.match("[a-z0-9]", after)


def _labels(texts: list[str], catalogue: Catalogue) -> dict[str, set[str]]:
    """The labels of each form that stand in the file, by the paths of their fields."""
    words = {line.split("：")[0].split(":")[0].strip() for t in texts for line in t.splitlines()[:20]}
    words = {w for w in words if 0 < len(w) <= 40}
    return {name: {p for w in words if (p := catalogue.labels(name).find(w))} for name in catalogue.forms}


def _by_labels(found: Mapping[str, set[str]], catalogue: Catalogue) -> Iterator[Candidate]:
    """By how many of a form's labels stand in the file, and how many of the file's labels are the form's (F1 score)."""
    most = max(map(len, found.values()), default=0)
    for name, paths in found.items():
        fields = sum(f.blank and not f.calc for f in catalogue.forms[name].fields)
        score = round(80 * 2 * len(paths) / (max(fields, len(paths)) + most)) if paths else 0
        if len(paths) >= _FEW and score >= _AT_LEAST:
            yield Candidate(name, "labels", score)
