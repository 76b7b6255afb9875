"""Values as people read them, on paper and in letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from qforms.model import Catalogue, Field, Form, Text, Value, Values

SHANGHAI = ZoneInfo("Asia/Shanghai")
DECISIONS = {
    "agree": Text("同意", "agree"),
    "object": Text("异议", "object"),
    "refuse": Text("不同意", "refuse"),
}
_NAMED = re.compile(r"\{(\w+)\}")
_PLACES = {"‰": Decimal("0.001"), "ppm": Decimal(1)}


def show(fld: Field, value: Value, lang: str, zone: tzinfo = SHANGHAI) -> str:
    """A value as it stands on paper and in letters, without its unit: 2026-05-14 17:20, 9,044.80, 3.200, 是."""
    if value is None:
        return ""
    if fld.type == "list":
        return f"{len(value)} 行" if lang != "en" else f"{len(value)} rows"
    if fld.many and isinstance(value, (list, tuple)):
        return ("、" if lang != "en" else ", ").join(_show(fld, v, lang, zone) for v in value)
    return _show(fld, value, lang, zone)


def filled(text: str, form: Form, values: Values, catalogue: Catalogue, lang: str, each: str = "") -> str:
    """A text of a rule with the record's values where it names their fields: {n_defect}/{n_shipped}. With `each`, a
    list of which `values` hold one row only, the columns of that row go first. What is unknown stands as ?."""
    own = catalogue.field(form.name, each) if each else None
    rows = values.get(each) or () if each else ()
    row = rows[0] if rows and isinstance(rows[0], Mapping) else {}
    columns = {f.name: f for f in own.fields} if own else {}

    def told(name: str) -> str:
        fld, value = (columns[name], row.get(name)) if name in columns else (form.field(name), values.get(name))
        return "?" if fld is None or value is None else catalogue.show(fld, value, lang)

    return _NAMED.sub(lambda match: told(match[1]), text)


def _show(fld: Field, value: Value, lang: str, zone: tzinfo) -> str:
    if fld.choices:
        code = str(value)
        return next((c.label[lang] for c in fld.choices if c.code == code), code)
    if isinstance(value, bool):
        return ("是" if value else "否") if lang != "en" else ("Yes" if value else "No")
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _show_number(fld, value)
    if isinstance(value, Mapping):
        return _show_row(fld, value, lang, zone)
    return str(value)


def _show_number(fld: Field, value: Decimal) -> str:
    if fld.type == "money":
        return f"{value:,.2f}"
    places = _PLACES.get(fld.unit.zh) or _PLACES.get(fld.unit.en)
    if places:
        return _fixed(value.quantize(places, ROUND_HALF_UP))
    return _fixed(_shortest(value))


def _shortest(value: Decimal) -> Decimal:
    """At most six decimals (a computed share has no end), and no zeros at the end."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        value = value.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return value.normalize() if value else Decimal(0)


def _show_row(fld: Field, row: Mapping[str, Any], lang: str, zone: tzinfo) -> str:
    if fld.type in ("file", "img"):
        return str(row.get("name") or row.get("digest") or "")
    signed = str(row.get("name", ""))
    if row.get("for_name"):
        signed += f"代{row['for_name']}" if lang != "en" else f" for {row['for_name']}"
    decision = DECISIONS[row["decision"]][lang] if row.get("decision") in DECISIONS else str(row.get("decision", ""))
    at = row.get("at")
    when = f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else str(at or "")
    return " ".join(p for p in (signed, decision, when, str(row.get("opinion", ""))) if p)


def _fixed(value: Decimal) -> str:
    return format(value, "f")
