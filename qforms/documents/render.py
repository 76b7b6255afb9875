"""A record -> its Word document; a form -> its blank one. Deterministic: the same record gives the same bytes."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from qforms.documents import charts, exhibits
from qforms.documents.charts import Chart
from qforms.documents.context import Paper
from qforms.documents.exhibits.paper import nothing, paper
from qforms.documents.related import Related
from qforms.documents.seen import PrintLang, Reader, labels_in, seen
from qforms.documents.template import fill, prepared
from qforms.documents.wording import say
from qforms.forms import pictures
from qforms.forms.bilingual import bilingual
from qforms.forms.wml import NOTE, runs
from qforms.model import EMPTY, Form, Lang, Record
from qforms.problems import say as problem_text
from qforms.settings import Procedures

PHOTO_WIDTH = 82.0  # mm: half the text width less the cell's padding


def render(
    record: Record,
    related: Related,
    procedures: Procedures,
    *,
    stamp: str,
    photos: Mapping[str, bytes] = EMPTY,
    lang: Lang | None = None,
    outside: Reader = "",
    print_lang: PrintLang = "zh",
    names: Mapping[str, str] = EMPTY,
) -> bytes:
    """The record's document as .docx. `stamp` goes into the property qf_stamp; `photos` are by digest.

    `outside`: for a customer or supplier: no departments, and only their own cells to fill in, the texts in
    `print_lang`, `names` as they may be told. What the form declares private is left out where the document may leave
    the company. Raises QformsError when the office's own template is faulty."""
    if outside:
        form = procedures.catalogue.form(record.form)
        record = dc.replace(record, values=seen(record, form, procedures.rulebook, outside, print_lang, names))
        lang = labels_in(print_lang)
    both = bool(outside) and print_lang == "both"
    return _made(record.form, record, related, procedures, stamp, photos, lang, outside, both)


def blank(form: str, procedures: Procedures, *, stamp: str, lang: Lang | None = None) -> bytes:
    """The blank Word form, every cell to be filled in light blue and named for reading back."""
    return _made(form, None, Related(), procedures, stamp, EMPTY, lang, "")


def _made(
    name: str,
    record: Record | None,
    related: Related,
    procedures: Procedures,
    stamp: str,
    photos: Mapping[str, bytes],
    lang: Lang | None,
    outside: Reader,
    both: bool = False,
) -> bytes:
    settings = procedures.settings
    lang = lang or settings.lang
    form = procedures.catalogue.asked(name, record.values if record else EMPTY)
    form = bilingual(form) if both else form
    template = prepared(form, lang, settings.company, settings.root / "form_templates", blank=record is None)
    album = _Album(photos, lang)
    more = _exhibits(form, record, related, procedures, lang, album) if record else EMPTY
    context = Paper(form, record, related, procedures, lang, album.place, outside=outside, exhibits=more).context()
    return fill(template, context, {"qf_stamp": stamp, "qf_form": name}, album.placed)


def _exhibits(
    form: Form, record: Record, related: Related, procedures: Procedures, lang: Lang, album: _Album
) -> dict[str, Markup]:
    """Charts and tables by section; those that say `quiet` only when there is something in them."""
    if related.sight is None:
        return {}
    root = procedures.settings.root / "form_templates"
    declared = exhibits.load(form, root, procedures.catalogue, procedures.rulebook)
    found = {}
    for section in form.sections:
        known = (declared.shown[name] for name in section.shows if name in declared.shown)
        wanted = [e for e in known if e.in_issue(related.sight)]
        items = [(e, exhibits.shown(e, related.lines, related.sight, record)) for e in wanted]
        kept = [item for e, item in items if not (e.quiet and nothing(item))]
        if kept:
            found[section.name] = paper(kept, album.chart)
    return found


class _Album:
    """Prepares the photos of one document and names their parts; the same photo twice is one part."""

    def __init__(self, photos: Mapping[str, bytes], lang: Lang) -> None:
        self._photos, self._lang = photos, lang
        self.placed: dict[str, bytes] = {}
        self._names: dict[str, str] = {}
        self._count = 0

    def chart(self, chart: Chart, width: float) -> Markup:
        """A chart as a picture so many mm wide; where none can be drawn, why."""
        try:
            data = charts.picture(chart)
        except charts.ChartsUnavailable as fault:
            return Markup(runs(f"{charts.message(chart)}  {problem_text(fault.problem, self._lang)}", NOTE))
        self._count += 1
        name = f"chart{self._count}"
        self.placed[name] = data
        photo = pictures.Photo(data, round(chart.width * 10), round(chart.height * 10))
        height = width * chart.height / chart.width
        return Markup(pictures.drawing(photo, name, self._count, charts.message(chart), height, width))

    def place(self, row: Mapping[str, Any], height: float) -> Markup:
        digest, name = str(row.get("digest", "")), str(row.get("caption") or row.get("name") or "")
        raw = self._photos.get(digest)
        photo = pictures.prepare(raw) if raw else None
        if photo is None:
            return Markup(runs(say("no_photo", self._lang, name=name), NOTE))
        if digest not in self._names:
            self._names[digest] = f"photo{len(self._names) + 1}"
            self.placed[self._names[digest]] = photo.data
        self._count += 1
        return Markup(pictures.drawing(photo, self._names[digest], self._count, name, height, PHOTO_WIDTH))
