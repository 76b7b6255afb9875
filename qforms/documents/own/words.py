"""What a record says, for the placeholders of a customer's own form: in his language, and never what is private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qforms.documents.own.tags import Tag
from qforms.forms.wml import clean
from qforms.model import EMPTY, Catalogue, Field, Form, Lang, Record, Told, Value

HEAD = ("number", "revision", "case_no", "status", "company", "today")  # of the record itself, and of us
Typed = str | int | Decimal | date


class Words:
    """The values of a record as a customer may see them. `record` is None where only the names are looked at.

    `english`: what a Chinese text is in English; `company` and `today` as they are to stand in the form."""

    def __init__(
        self,
        form: Form,
        record: Record | None,
        catalogue: Catalogue,
        lang: Lang,
        *,
        english: Mapping[str, str] = EMPTY,
        company: str = "",
        today: date | None = None,
    ) -> None:
        self.form, self.record, self.lang, self.catalogue = form, record, lang, catalogue
        self._english, self._company, self._today = english, company, today

    # ------------------------------------------------------------ names

    def fault(self, tag: Tag) -> Told | None:
        """Why a placeholder can show nothing, whatever the record; None when it can."""
        if tag.name in HEAD and not tag.column:
            return None
        fld = self.form.field(tag.name)
        if fld is None:
            return Told(f"没有字段 {tag.name}", f"there is no field {tag.name}")
        if fld.private:
            return Told(f"{tag.name} 不给公司以外的人看", f"{tag.name} is not for anybody outside")
        if fld.fields and not tag.column:
            one = f"{tag.name}.{fld.fields[0].name}"
            return Told(f"{tag.name} 是列表，写成 {{{{{one}}}}}", f"{tag.name} is a list: write {{{{{one}}}}}")
        if tag.column:
            column = next((c for c in fld.fields if c.name == tag.column), None)
            if column is None:
                return Told(f"{tag.name} 没有列 {tag.column}", f"{tag.name} has no column {tag.column}")
            if column.private:
                return Told(f"{tag.column} 不给公司以外的人看", f"{tag.column} is not for anybody outside")
        return None

    def field(self, tag: Tag) -> Field | None:
        """The field or column that a tag shows; None for those of the head."""
        fld = self.form.field(tag.name)
        return fld if fld is None or not tag.column else next((c for c in fld.fields if c.name == tag.column), None)

    def wanted(self, tag: Tag) -> bool:
        """Whether it is missed when nothing is known: the customer wants it, or the form does."""
        top, own = self.form.field(tag.name), self.field(tag)
        return tag.wanted or bool(top and top.required and own and (own.required or own is top))

    # ------------------------------------------------------------ values

    def rows(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The rows of a list."""
        value = self._values.get(name) or ()
        return [row for row in value if isinstance(row, Mapping)]

    def pictures(self, tag: Tag) -> Sequence[Mapping[str, Any]] | None:
        """The photos that a tag stands for; None when it is no tag of photos."""
        fld = self.form.field(tag.name)
        if fld is None or fld.type != "img" or fld.private:
            return None
        value = self._values.get(tag.name) or ()
        found = [row for row in ((value,) if isinstance(value, Mapping) else value) if isinstance(row, Mapping)]
        return found[tag.at - 1 : tag.at] if tag.at else found

    def text(self, tag: Tag, row: int = 0) -> str:
        """The value as text, without its unit; "" when it is not known. `row`: which of a list's, from 0."""
        if (head := self._head(tag)) is not None:
            return str(head)
        fld, value = self.field(tag), self._value(tag, row)
        if fld is None or value is None:
            return ""
        lang = tag.lang or self.lang
        if lang == "en" and isinstance(value, str) and not fld.choices:
            return clean(self._english.get(value, value)).strip()
        return clean(self.catalogue.show(fld, value, lang)).strip()

    def typed(self, tag: Tag, row: int = 0) -> Typed:
        """The value as a cell of its own may hold it: a number or a day as such, all else as text."""
        if isinstance(head := self._head(tag), date | int):
            return head
        fld, value = self.field(tag), self._value(tag, row)
        plain = fld is not None and not fld.choices and not fld.many and not isinstance(value, bool)
        if plain and isinstance(value, int | Decimal):
            return value
        if plain and isinstance(value, date) and not isinstance(value, datetime):
            return value
        return self.text(tag, row)

    @property
    def _values(self) -> Mapping[str, Value]:
        return self.record.values if self.record else EMPTY

    def _value(self, tag: Tag, row: int) -> Value:
        if not tag.column:
            return self._values.get(tag.name)
        rows = self.rows(tag.name)
        at = tag.at - 1 if tag.at else row
        return rows[at].get(tag.column) if at < len(rows) else None

    def _head(self, tag: Tag) -> Value:
        if tag.name not in HEAD or tag.column or self.form.field(tag.name) is not None:
            return None
        if tag.name == "company":
            return self._company
        if tag.name == "today":
            return self._today or ""
        if self.record is None:
            return ""
        if tag.name == "status":
            return self.form.lifecycle.state(self.record.status).label[tag.lang or self.lang]
        return {"number": self.record.number, "revision": self.record.issue, "case_no": self.record.case_no}[tag.name]
