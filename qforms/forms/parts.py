"""The parts of a form that its addressees fill in: which are due now, and what they are called. A form with steps (8D)
is filled in stage by stage (P25)."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Sequence

from qforms.model import Catalogue, Field, Form, Lang, Section, Values

STAGES = (4, 6, 9)  # steps done at the end of a stage: D0–D3, D4–D5, D6–D8 (P25)
STEP = re.compile(r"(\w+)_(due|done)")
# Headings that bring their own number: D3 …, 4 …, 二至四、…
NUMBERED = re.compile(r"^([A-Z]\d+|\d[\d–-]*|[一二三四五六七八九十至]+(?=、))")


def dated_steps(fields: Sequence[Field]) -> tuple[str, ...]:
    """The steps that have a planned or an actual date: d0 … d8."""
    dated = (f.name for f in fields if f.type in ("dt", "date"))
    return tuple(dict.fromkeys(m[1] for name in dated if (m := STEP.fullmatch(name))))


def steps(form: Form) -> tuple[str, ...]:
    """The steps of a form that is filled in step by step: reply parts that have a planned or actual date."""
    dated = dated_steps(form.fields)
    return tuple(s.name for s in form.sections if s.reply and s.name in dated)


def complete(form: Form, section: Section, values: Values, catalogue: Catalogue) -> bool:
    """Whether a reply part needs nothing more: something stands in it, and nothing that is required is missing; or it
    is one that only ever holds what a rule puts there, and none has."""
    has = any(values.get(f.name) not in (None, "", ()) for f in section.fields)
    if not has and not any(f.blank for f in section.fields):
        return True
    return has and not catalogue.missing(form.name, values, section.name)


def later(form: Form, open_: Sequence[str]) -> frozenset[str]:
    """Of a form with steps: those beyond the stage that is being worked on; `open_` are the parts not complete."""
    names = steps(form)
    first = next((i for i, name in enumerate(names) if name in open_), len(names))
    reach = next((end for end in STAGES if first < end), len(names))
    return frozenset(names[reach:])


def due_now(form: Form, values: Values, catalogue: Catalogue) -> tuple[Section, ...]:
    """The reply parts that are to be filled in now."""
    parts = [s for s in form.sections if s.reply and not complete(form, s, values, catalogue)]
    beyond = later(form, [s.name for s in parts])
    return tuple(s for s in parts if s.name not in beyond)


def in_stage(form: Form, values: Values, catalogue: Catalogue) -> Form:
    """A form with steps as it goes out now: of the parts that are complete, of those beyond the stage and of what
    stands around the steps only what is known, which nobody is asked for again. Any other form as it is."""
    if not steps(form):
        return form
    due = {s.name for s in due_now(form, values, catalogue)}
    sections = (s if s.name in due else dc.replace(s, fields=_told(s, values)) for s in form.sections)
    return dc.replace(form, sections=tuple(sections))


def _told(section: Section, values: Values) -> tuple[Field, ...]:
    known = (f for f in section.fields if values.get(f.name) not in (None, "", ()))
    return tuple(dc.replace(f, filled_by=("system",)) for f in known)


def own_number(section: Section, lang: Lang) -> str:
    """The number that a part's heading brings: D3, 二至四; "" when it has none."""
    found = NUMBERED.match(section.title[lang])
    return found[1] if found else ""
