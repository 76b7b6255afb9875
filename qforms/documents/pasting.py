"""A record as plain text, for somebody who has to paste it into the fields of a customer's portal (P45)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qforms.forms.wml import clean
from qforms.model import Catalogue, Field, Form, Lang, Value, Values

_LEFT_OUT = ("img", "file", "sig")


def pasted(form: Form, values: Values, catalogue: Catalogue, lang: Lang) -> str:
    """The parts that are filled in, with their headings: a line 「label：value」 for a field, a numbered one for a row.
    Nothing private."""
    parts = []
    for section in form.sections:
        lines = [line for f in section.fields for line in _lines(f, values.get(f.name), catalogue, lang)]
        if section.reply and lines:
            parts.append("\n".join([f"【{section.title[lang]}】", *lines]))
    return "\n\n".join(parts) + "\n"


def _lines(field: Field, value: Value, catalogue: Catalogue, lang: Lang) -> Iterator[str]:
    colon = "：" if lang == "zh" else ": "
    if field.private or field.type in _LEFT_OUT or value in (None, "", ()):
        return
    if not field.fields:
        yield f"{field.label[lang]}{colon}{clean(catalogue.show(field, value, lang)).strip()}"
        return
    yield f"{field.label[lang]}{colon}".rstrip()
    for n, row in enumerate((r for r in value if isinstance(r, Mapping)), start=1):
        columns = [
            c for c in field.fields if not c.private and c.type not in _LEFT_OUT and row.get(c.name) not in (None, "")
        ]
        shown = (f"{c.label[lang]} {clean(catalogue.show(c, row[c.name], lang)).strip()}" for c in columns)
        yield f"{n}) " + ("；" if lang == "zh" else "; ").join(shown)
