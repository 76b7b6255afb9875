"""What `qforms check` says about customers' own forms besides faults (P44): files that a sheet names and nobody put
there, required fields without a place, and what is still empty in those of open records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qforms import house
from qforms.documents import own
from qforms.documents.seen import english, labels_in
from qforms.model import Form, Lang, QformsError, Record, Told, said
from qforms.settings import Procedures
from qforms.tongue import lang


def notes(root: Path) -> list[str]:
    """A line each; none where no customer has a form of his own. They are no faults: `check` succeeds with them."""
    if not any(root.glob(f"form_templates/*/{own.FOLDER}/*")):
        return []
    with house.opened(root) as h:
        customers = [r for r in h.ledger.records("customer") if r.values.get("own_forms")]
        found = [line for form in h.procedures.catalogue.forms.values() for line in _of_form(form, h.procedures)]
        found += [line for customer in customers for line in _of_customer(customer, h)]
    return [said(line, lang()) for line in found]


def _root(procedures: Procedures) -> Path:
    return procedures.settings.root / "form_templates"


def _of_form(form: Form, procedures: Procedures) -> Iterator[Told]:
    """Of each template the required fields that have no place in it."""
    folder = _root(procedures) / form.name / own.FOLDER
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        try:
            names = own.unplaced(path, own.Words(form, None, procedures.catalogue, "zh"))
        except QformsError:  # a fault, which has been told
            continue
        if names:
            labels = [f.label for n in names if (f := form.field(n))]
            yield Told(
                f"没有放这些必填项：{'、'.join(x.zh for x in labels)}",
                f"has no place for these required fields: {', '.join(x['en'] for x in labels)}",
                f"{path.relative_to(procedures.settings.root)}: ",
            )


def _of_customer(customer: Record, h: house.House) -> Iterator[Told]:
    p = h.procedures
    for name in customer.values["own_forms"]:
        places = [f for f in p.catalogue.forms.values() if (_root(p) / f.name / own.FOLDER / name).is_file()]
        if not places:
            folder = f"form_templates/…/{own.FOLDER}/"
            zh, en = f"没有「{name}」，请放进 {folder}", f"there is no “{name}”: put it into {folder}"
            yield Told(zh, en, f"{customer.number}: ")
        for form in places:
            yield from _still_empty(customer, name, form, h)


def _still_empty(customer: Record, name: str, form: Form, h: house.House) -> Iterator[Told]:
    """Of each open record of this customer what its form still lacks."""
    p = h.procedures
    print_lang = customer.values.get("print_lang") or customer.values.get("lang")
    reads: Lang = labels_in("en" if print_lang == "en" else "zh")
    for record in h.ledger.records(form.name):
        if record.values.get("customer") != customer.number or form.lifecycle.state(record.status).final:
            continue
        words = own.Words(form, record, p.catalogue, reads, english=english(record, p.rulebook))
        try:
            gaps = own.lacking(own.path_of(_root(p), form.name, name), words)
        except QformsError:
            continue
        if gaps:
            cells = "、".join(f"{where}「{label}」" for where, label in gaps)
            yield Told(f"还空着 {cells}", f"still empty: {cells}", f"{record.number} {name}: ")
