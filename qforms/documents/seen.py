"""A record as a reader outside the company may see it: without what is not for him and the names that he may not know,
in his language (P5, P46, P47). Pure: what was written down stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from qforms.model import EMPTY, Field, Form, Lang, Record, Rulebook, Value

Reader = Literal["", "customer", "supplier"]  # "": our own people
PrintLang = Literal["zh", "en", "both"]


def english(record: Record, rulebook: Rulebook) -> Mapping[str, str]:
    """What a record's Chinese texts are in English, as far as it is entered."""
    lists = (record.values.get(rule.name) or () for rule in rulebook.translations if rule.on == record.form)
    return {str(row["zh"]): str(row["en"]) for rows in lists for row in rows if row.get("zh") and row.get("en")}


def seen(
    record: Record,
    form: Form,
    rulebook: Rulebook,
    reader: Reader,
    lang: PrintLang,
    names: Mapping[str, str] = EMPTY,
) -> dict[str, Value]:
    """The values for that reader. `names`: what may not be told -> what stands in its place."""
    if not reader:
        return dict(record.values)
    lists = {rule.name for rule in rulebook.translations if rule.on == record.form}
    words = english(record, rulebook) if lang != "zh" else EMPTY
    longest = sorted(names, key=len, reverse=True)  # 禾木电器 before 禾木
    changing = _Changing(words, lang, [(name, names[name]) for name in longest if name])
    fields = {f.name: f for f in form.fields if f.name not in lists and reader not in f.not_for}
    return {n: changing.value(fields[n], v) for n, v in record.values.items() if n in fields}


class _Changing:
    def __init__(self, words: Mapping[str, str], lang: PrintLang, names: list[tuple[str, str]]) -> None:
        self._words, self._lang, self._names = words, lang, names

    def value(self, field: Field, value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(self.value(field, v) for v in value)
        if isinstance(value, Mapping):
            columns = {c.name: c for c in field.fields}
            return {k: self.value(columns.get(k, field), v) for k, v in value.items()} if columns else self._row(value)
        return self._text(value) if isinstance(value, str) and not field.choices else value

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A signature or photo: its digest is no text."""
        return {k: self._text(v) if isinstance(v, str) and k != "digest" else v for k, v in row.items()}

    def _text(self, text: str) -> str:
        told = self._words.get(text)
        if told is not None:
            text = f"{text}\n{told}" if self._lang == "both" else told
        for name, instead in self._names:
            text = text.replace(name, instead)
        return text


def labels_in(lang: PrintLang) -> Lang:
    """The language that a document's own words are in; with both, its labels bring the other along."""
    return "en" if lang == "en" else "zh"
