"""What a Word template is filled with, built from a record and what belongs to it. Pure: no ledger, no files.

Names: head, request, show, no, notes, facts, f (cells to fill in), v (plain texts), rows, photos, trigger, strip,
approvals (docs/word-templates.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from qforms.documents import request, trigger
from qforms.documents.fit import Content, Fit, fit
from qforms.documents.head import approvals, head
from qforms.documents.plan import plan, told
from qforms.documents.related import Related
from qforms.documents.seen import Reader
from qforms.documents.values import Shower, caption, local, rows
from qforms.documents.wording import ordinal, say
from qforms.forms.parts import dated_steps, own_number
from qforms.forms.rows import drawn
from qforms.forms.wml import em
from qforms.forms.word import HEAD_FIELDS, filled_height
from qforms.forms.word_cells import EM_MM, NARROW, PADDING, fillable
from qforms.forms.word_lists import list_height
from qforms.model import EMPTY, Field, Form, Lang, Record, Section, Values
from qforms.settings import Procedures

Picture = Callable[[Mapping[str, Any], float], Markup]  # a photo's row, its height in mm -> its run, or a note


class Paper:
    """One document in the making. `record` is None for a blank form."""

    def __init__(
        self,
        form: Form,
        record: Record | None,
        related: Related,
        procedures: Procedures,
        lang: Lang,
        picture: Picture,
        *,
        outside: Reader = "",
        exhibits: Mapping[str, Markup] = EMPTY,
    ) -> None:
        self.form, self.record, self.related, self.lang = form, record, related, lang
        self.procedures, self.picture = procedures, picture
        self.zone = procedures.settings.zone
        self.shower = Shower(procedures.catalogue, lang)
        self.outside = outside
        given: Values = record.values if record else {}
        hidden = {f.name for f in form.fields if f.private and form.audience != "internal"}
        self.values: Values = {k: v for k, v in given.items() if v is not None and k not in hidden}
        self.exhibits = exhibits
        more = frozenset(exhibits)
        self.plan = plan(form, record, self.values, procedures.catalogue, bool(related.complaints), outside, more)

    @property
    def blank(self) -> bool:
        return self.record is None

    # ------------------------------------------------------------ whole

    def context(self) -> dict[str, Any]:
        """All names that a template may use."""
        facts = {s.name: list(self._facts(s)) for s in self.form.sections}
        for section in self.form.sections:
            facts[section.name] += self._side_of_photos(section) if facts[section.name] else ()
        modes, names = self.plan.modes, [s.name for s in self.form.sections]
        numbers = self._numbers()
        asked = request.request(self, numbers)
        top = head(self)
        layout = self._fit(facts, asked, bool(top.to or top.cc) + bool(top.addressed))
        fields = self.form.fields
        record = self.record
        trig = trigger.context(
            record or Record(self.form.name, "", 0, "", "", {}),
            self.related.complaints,
            self.related.clocks,
            self.procedures.rulebook,
            self.lang,
            self.zone,
        )
        return {
            "head": top,
            "request": asked,
            "show": SimpleNamespace(**{n: modes[n] != "hide" and self._something(n, facts) for n in names}),
            "fill": SimpleNamespace(**{n: modes[n] == "fill" for n in names}),
            "first": SimpleNamespace(**{n: n == self.plan.first for n in names}),
            "page": SimpleNamespace(**{n: n in layout.breaks for n in names}),
            "no": SimpleNamespace(**numbers),
            "notes": SimpleNamespace(**{s.name: request.note(self, s) for s in self.form.sections}),
            "facts": SimpleNamespace(**facts),
            "f": SimpleNamespace(**{f.name: self._fill(f) for s in self.form.sections for f in self._filled(s)}),
            "v": SimpleNamespace(**{f.name: self.shower.text(f, self.values.get(f.name)) for f in fields}),
            "rows": SimpleNamespace(
                **{f.name: self._rows(s, f) for s in self.form.sections for f in _printed(s) if f.type == "list"}
            ),
            "photos": SimpleNamespace(**dict(self._photos(layout.photo))),
            "trigger": trig,
            "strip": self._strip(),
            "approvals": approvals(self),
            "low": layout.rows,
            "exhibits": SimpleNamespace(**{s.name: self.exhibits.get(s.name, "") for s in self.form.sections}),
        }

    def _something(self, name: str, facts: Mapping[str, list[SimpleNamespace]]) -> bool:
        """Whether a section has anything to print: the head and the approvals often stand elsewhere."""
        section = next(s for s in self.form.sections if s.name == name)
        return section.panel not in ("head", "approvals") or bool(facts[name])

    # ------------------------------------------------------------ sections

    def _numbers(self) -> dict[str, str]:
        out, count = {}, 0
        own = any(own_number(s, self.lang) for s in self.form.sections)
        for section in self.form.sections:
            out[section.name] = ""
            if self.plan.modes[section.name] == "hide" or section.panel in ("head", "approvals"):
                continue
            if not own:
                count += 1
                out[section.name] = f"{ordinal(count)}、" if self.lang == "zh" else f"{count}  "
        return out

    def filling(self, section: Section) -> bool:
        return self.plan.modes[section.name] == "fill"

    @property
    def number(self) -> str:
        return self.record.number if self.record else ""

    # ------------------------------------------------------------ fields

    def _filled(self, section: Section) -> Iterator[Field]:
        if self.blank or section.reply:
            yield from (f for f in section.fields if f.type != "list")

    def _fill(self, fld: Field) -> Markup:
        return self.shower.cell(fld, self.values.get(fld.name), f"qf_{fld.name}")

    def _facts(self, section: Section) -> Iterator[SimpleNamespace]:
        """The known facts, two by two; one that stands alone before a long one is joined by the next short one."""
        rest = list(self._known(section))
        while rest:
            fld, text = rest.pop(0)
            partner = None
            if not self._long(section, fld, text):
                partner = next((i for i, (f, t) in enumerate(rest) if not self._long(section, f, t)), None)
            other = self._side(section, rest.pop(partner)[0]) if partner is not None else None
            yield SimpleNamespace(a=self._side(section, fld), b=other)

    def _long(self, section: Section, fld: Field, text: str) -> bool:
        """Whether a fact takes a line of its own."""
        lines = em(text) * EM_MM / (NARROW - PADDING)
        room = 0.95 if fld.type == "text" else 1.0
        return fld.wide or section.panel == "letter" or lines > room or "\n" in text

    def _side_of_photos(self, section: Section) -> Iterator[SimpleNamespace]:
        """Photos that are not there, beside facts that are: an empty cell, so that nothing else is read as a photo."""
        for fld in section.fields:
            if fld.type == "img" and not self.values.get(fld.name) and not self.blank:
                yield SimpleNamespace(a=self._side(section, fld), b=None)

    def _known(self, section: Section) -> Iterator[tuple[Field, str]]:
        if self.blank:
            return
        skip = set(HEAD_FIELDS) | told(section)
        if section.panel == "d_strip":
            skip |= {f"{s}_{k}" for s in dated_steps(section.fields) for k in ("due", "done")}
        for fld in section.fields:
            if fld.type in ("list", "img") or fld.name in skip:
                continue
            if self.filling(section) and fillable(self.form, section, fld) and fld.type != "file":
                continue  # it stands as a cell to fill in
            text = self.shower.text(fld, self.values.get(fld.name))
            if text or (self._draft and fld.required and fillable(self.form, section, fld)):
                yield fld, text

    @property
    def _draft(self) -> bool:
        states = self.form.lifecycle.states
        return bool(self.record) and any(s.print == "draft" for s in states if s.name == self.record.status)  # type: ignore[union-attr]

    def _side(self, section: Section, fld: Field) -> SimpleNamespace:
        value = self.values.get(fld.name)
        star = "*" if value is None and fld.type != "img" else ""
        mark = fillable(self.form, section, fld)
        size = 10.5 if section.panel == "letter" else 9
        shown = self.shower.known(fld, value, mark, size)
        return SimpleNamespace(label=star + fld.label[self.lang], value=shown, text=self.shower.text(fld, value))

    def _rows(self, section: Section, fld: Field) -> list[SimpleNamespace]:
        fill = self.filling(section) and fillable(self.form, section, fld, self.blank)
        hidden = frozenset(c.name for c in fld.fields if c.private and self.form.audience != "internal")
        found = rows(self.shower, fld, self.values.get(fld.name), fill, hidden)
        return [SimpleNamespace(**row) for row in found]

    def _fit(self, facts: Mapping[str, list[SimpleNamespace]], asked: SimpleNamespace, address: int) -> Fit:
        counts = {f.name: len(self.values.get(f.name) or ()) for f in self.form.fields if f.type in ("list", "img")}
        pairs = {f.name: (counts[f.name] + 1) // 2 for f in self.form.fields if f.type == "img"}
        lists = {f.name: self._height(f) for s in self.form.sections for f in _printed(s) if f.type == "list"}
        filled = {s.name: self._filled_height(s) for s in self.form.sections if self.filling(s)}
        content = Content(facts, lists, pairs, filled, len(asked.more), address, len(self.related.complaints))
        return fit(self.form, self.plan, content)

    def _filled_height(self, section: Section) -> float:
        lists = {f.name: len(drawn(f, self.values.get(f.name) or ())) for f in section.fields if f.type == "list"}
        return filled_height(self.form, section, self.lang, self.blank, lists)

    def _height(self, fld: Field) -> float:
        columns = {c.name: c for c in fld.fields}
        given = [r for r in self.values.get(fld.name) or () if isinstance(r, Mapping)]
        texts = [{n: self.shower.text(columns[n], v, unit=False) for n, v in r.items() if n in columns} for r in given]
        return list_height(self.form, fld, texts, self.lang)

    def _photos(self, height: float) -> Iterator[tuple[str, list[SimpleNamespace]]]:
        number = 0
        for fld in (f for f in self.form.fields if f.type == "img"):
            value = self.values.get(fld.name) or ()
            given = [r for r in ((value,) if isinstance(value, Mapping) else value) if isinstance(r, Mapping)]
            shown: list[tuple[Markup, str]] = []
            for row in given:
                number += 1
                picture = self.picture(row, height)
                if not shown:
                    picture = self.shower.marked(f"qf_{fld.name}", picture)
                shown.append((picture, caption(self.lang, number, row)))
            shown += [(Markup(""), "")] * (len(shown) % 2)
            yield (
                fld.name,
                [
                    SimpleNamespace(left=a[0], left_caption=a[1], right=b[0], right_caption=b[1])
                    for a, b in zip(shown[::2], shown[1::2], strict=True)
                ],
            )

    # ------------------------------------------------------------ strip and signatures

    def _strip(self) -> SimpleNamespace:
        out, years = SimpleNamespace(year=""), []
        for step in dated_steps(self.form.fields):
            texts = {}
            for kind in ("due", "done"):
                at = self.values.get(f"{step}_{kind}")
                at = local(at, self.zone) or at
                years += [at.year] if at else []
                texts[kind] = f"{at:%m-%d}" if at else ""
            setattr(out, step, SimpleNamespace(**texts))
        out.year = say("year", self.lang, year=min(years)) if years else ""
        return out


def _printed(section: Section) -> tuple[Field, ...]:
    """The fields that stand in a document; those of a section of exhibits are only counted there."""
    return () if section.panel == "exhibits" else section.fields
