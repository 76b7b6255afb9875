"""A form with every label in Chinese and English at once, for documents that both sides read (P47)."""

from __future__ import annotations

import dataclasses as dc

from qforms.model import Choice, Field, Form, Section, Text

_MOST = 40
_made: dict[int, tuple[Form, Form]] = {}


def bilingual(form: Form) -> Form:
    """The form with labels, choices, headings and states as 「中文 English」. Kept: its templates are made once."""
    known = _made.get(id(form))
    if known is None or known[0] is not form:
        if len(_made) >= _MOST:
            _made.clear()
        known = _made[id(form)] = form, _both_of_form(form)
    return known[1]


def _both(text: Text) -> Text:
    """The same where one language says all: ppm, 8D."""
    zh, en = text.zh, text.en
    return text if not en or not zh or en == zh else Text(f"{zh} {en}", f"{zh} {en}")


def _both_of_form(form: Form) -> Form:
    states = tuple(dc.replace(s, label=_both(s.label)) for s in form.lifecycle.states)
    made: Form = dc.replace(
        form,
        title=_both(form.title),
        sections=tuple(_section(s) for s in form.sections),
        lifecycle=dc.replace(form.lifecycle, states=states),
    )
    return made


def _section(section: Section) -> Section:
    return dc.replace(section, title=_both(section.title), fields=tuple(_field(f) for f in section.fields))


def _field(field: Field) -> Field:
    return dc.replace(
        field,
        label=_both(field.label),
        choices=tuple(Choice(c.code, _both(c.label), c.aliases) for c in field.choices),
        fields=tuple(_field(f) for f in field.fields),
    )
