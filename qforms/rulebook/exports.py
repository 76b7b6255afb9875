"""An item of a rule file -> how the list that a platform gives out is read: one row a record (P15)."""

from __future__ import annotations

from qforms.model import ExportRule
from qforms.rulebook.parts import Reader
from qforms.rulebook.source import Item


def export(r: Reader, item: Item) -> ExportRule:
    """`{export: shop, form: complaint, key: ticket_no, columns: {退款编号: ticket_no}, fill: {channel: platform}}`."""
    form = r.form(item, "form")
    item.need("key", "columns")
    key = r.own_field(item, "key", form)
    if form and (field := form.field(key)) and not field.key:
        item.wrong("key", "须是 key: true 的字段", "needs a field with key: true")
    columns = {heading: str(name) for heading, name, _ in item.pairs("columns")}
    fill = {name: str(value) for name, value, _ in item.pairs("fill")}
    for name in (*columns.values(), *fill):
        r.field(item, "columns" if name in columns.values() else "fill", form, name)
    if key and key not in columns.values():
        item.wrong("columns", f"没有一列是 {key}", f"have none for {key}")
    received = item.word("received")
    if received and received not in columns:
        item.wrong("received", f"「{received}」不在 columns 里", f"{received} is none of the columns")
    ended = {h: (v,) if isinstance(v, str) else tuple(map(str, v)) for h, v, _ in item.pairs("ended")}
    return ExportRule(
        name=item.word("export"),
        form=form.name if form else "",
        key=key,
        columns=columns,
        fill=fill,
        received=received,
        ended=ended,
        by=item.word("by", "intake"),
        clause=item.word("clause"),
        origin=item.origin,
    )
