"""From a view to the sheets of the book, in their order. Pure; the layouts are data in `layout`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from qforms.model import Catalogue, Lang, Text
from qforms.workbook import layout, lists, shared, waiting
from qforms.workbook.maker import Maker, Rows
from qforms.workbook.view import Sheet, View

_FRONT_FORMS = ("complaint", "contact")


def build(
    view: View, catalogue: Catalogue, lang: Lang, made: Rows | None = None, present: Collection[str] = ()
) -> tuple[Sheet, ...]:
    """Sheets in the order of the book: those of P27 in front; then 待发 and 冲突, which come and go, and the shared
    lists, which come with their first row; then forms with their first record, and the reference data. `present`: keys
    of the sheets that the book has already; `made`: the rows of before."""
    make = Maker(view, catalogue, lang, made)
    complaints = make.form_sheet("complaint", layout.COMPLAINT, Text("投诉台账", "Complaints"), front=True, pages=2)
    contacts = make.form_sheet("contact", (), Text("联系记录", "Contacts"), front=True)
    front = (complaints, lists.documents(make), lists.clocks(make), shared.measures(make), contacts)
    found: list[Sheet | None] = [lists.todo(make), *front, waiting.mails(make), lists.reference(make)]
    found += [waiting.letters(make), waiting.conflicts(make)]
    found += [s for s in (shared.costs(make), shared.signatures(make)) if s.rows or s.key in present]
    for form in catalogue.forms.values():
        if form.name in layout.REFERENCE or form.name in _FRONT_FORMS:
            continue
        if view.records.get(form.name) or form.name in present:
            found.append(make.form_sheet(form.name, (), form.sheet or form.title))
    found += [make.form_sheet(name, (), Text("")) for name in layout.REFERENCE]
    return tuple(s for s in found if s is not None)


def blueprints(catalogue: Catalogue) -> tuple[Sheet, ...]:
    """Every sheet that the book may hold, without rows: for finding them again."""
    view = View("", datetime.fromtimestamp(0, UTC), UTC)
    return build(view, catalogue, "zh", present={*catalogue.forms, shared.COSTS, shared.SIGNATURES})
