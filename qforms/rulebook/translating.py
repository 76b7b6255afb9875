"""An item of a rule file -> a list of a record's texts with their English."""

from __future__ import annotations

from qforms.model import TranslateRule
from qforms.rulebook.parts import Reader, names_of
from qforms.rulebook.source import Item

COLUMNS = ("what", "zh", "en")


def translate(r: Reader, item: Item) -> TranslateRule:
    """`{translate: english, on: eight_d, texts: [title, ica.action], from: term, missing: english_missing}`."""
    on = r.form(item, "on")
    item.need("texts")
    listed = on.field(r.own_field(item, "translate", on)) if on else None
    if listed and (lacking := [c for c in COLUMNS if c not in {f.name for f in listed.fields}]):
        item.wrong("translate", f"缺少列 {lacking}", f"lacks the columns {lacking}")
    texts = item.words("texts")
    for name in texts:
        top, _, column = name.partition(".")
        r.field(item, "texts", on, top)
        field = on.field(top) if on else None
        if field and column and column not in {f.name for f in field.fields}:
            r.faults.unknown(item.at("texts"), ("列", "column"), column, [f.name for f in field.fields])
    terms = r.form(item, "from") if item.has("from") else None
    if terms and (wanted := [n for n in COLUMNS[1:] if n not in names_of(terms)]):
        item.wrong("from", f"{terms.name} 没有字段 {wanted}", f"{terms.name} has no fields {wanted}")
    return TranslateRule(
        name=item.word("translate"),
        on=on.name if on else "",
        texts=texts,
        when=r.condition(item, "when", on),
        terms=terms.name if terms else "",
        missing=r.own_field(item, "missing", on),
        clause=item.word("clause"),
        origin=item.origin,
    )
