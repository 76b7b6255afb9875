"""What is enclosed in a letter: documents, blank forms, returned forms with their faulty cells marked, files.

`LetterIntent.attach` names them; here each becomes bytes with a human name and the circle that may see it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qforms import documents, intake, reporting, stamp
from qforms.documents import exhibits
from qforms.documents.pasting import pasted
from qforms.documents.seen import PrintLang, Reader, english, labels_in, seen
from qforms.forms import blank_excel, pictures
from qforms.forms.parts import in_stage
from qforms.ledger import Ledger, Transaction
from qforms.model import EMPTY, Delivery, Form, Lang, LetterIntent, QformsError, Record, Store, Told
from qforms.office import mark
from qforms.office.book import OfficeFault
from qforms.office.fill import fill
from qforms.outbox.guard import Circle
from qforms.own_forms import OwnForms
from qforms.settings import Procedures

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_CUSTOMER = frozenset({"customer"})


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file of a letter: its name, bytes, media type, and the widest circle that may receive it."""

    name: str
    data: bytes
    kind: str
    circle: Circle


class Enclosures:
    """Makes enclosures from the ledger and the store; the same intent gives the same bytes."""

    def __init__(self, ledger: Ledger, store: Store, procedures: Procedures) -> None:
        self._ledger = ledger
        self._store = store
        self._procedures = procedures
        self.own = OwnForms(store, procedures)
        self._reporting = reporting.Reporting(ledger, store, procedures)

    def of(self, intent: LetterIntent, facts: Transaction) -> list[Enclosure]:
        """All enclosures of a letter. Raises QformsError when one can't be made."""
        found = [self._one(spec, intent, facts) for spec in intent.attach]
        return list(dict.fromkeys(found))  # our document may stand for several forms of the customer's

    def _one(self, spec: str, intent: LetterIntent, facts: Transaction) -> Enclosure:
        what, _, rest = spec.partition(":")
        if what == "document":
            number, _, revision = rest.partition("@")
            return self.document(number, int(revision or -1), intent.lang, facts, outside=reader_of(intent))
        if what == "own":
            return self._own(rest, intent, facts)
        if what == "paste":
            return self._paste(rest, intent, facts)
        if what == "details":
            return self._details(rest, intent.lang, facts)
        if what == "blank":
            name, _, ours = rest.partition(":")
            return self.blank(name, "excel", intent.lang, facts.record(intent.number), ours=bool(ours))
        if what == "marked":
            return self._marked(rest, intent)
        if what == "inline":
            digest, _, name = rest.partition(":")
            return Enclosure(name, self._store.get(digest), "image/png", "internal")
        if what == "file":
            digest, _, name = rest.partition(":")
            return Enclosure(name, self._store.get(digest), "application/octet-stream", "customer")
        raise QformsError(Told(f"不认识的附件 {spec}", f"unknown enclosure {spec}", f"letter {intent.key}: "))

    # ------------------------------------------------------------ documents

    def _own(self, spec: str, intent: LetterIntent, facts: Transaction) -> Enclosure:
        """A customer's own form filled in; our document, as he sees it, where he has none or it cannot be."""
        about, _, file = spec.partition(":")
        number, _, revision = about.partition("@")
        record = facts.revision(number, int(revision))
        if record is not None and file:
            lang = labels_in(self._print_lang(record, intent.lang, facts))
            texts = english(record, self._procedures.rulebook)
            if made := self.own.filled(file, record, dc.replace(intent, lang=lang), texts):
                return Enclosure(*made, self._procedures.catalogue.form(record.form).audience)
        return self.document(number, int(revision), intent.lang, facts, outside="customer")

    def _paste(self, spec: str, intent: LetterIntent, facts: Transaction) -> Enclosure:
        """What a record says as text, to be pasted into the fields of a customer's portal (P45)."""
        number, _, revision = spec.partition("@")
        record = facts.revision(number, int(revision))
        if record is None:
            raise QformsError(Told(f"没有 {number} 第 {revision} 版", f"there is no revision {revision} of {number}"))
        p, lang = self._procedures, self._print_lang(record, intent.lang, facts)
        form = p.catalogue.form(record.form)
        values = seen(record, form, p.rulebook, "customer", lang)
        text = pasted(form, values, p.catalogue, labels_in(lang))
        return Enclosure(f"{number} 粘贴文本.txt", text.encode("utf-8-sig"), "text/plain", form.audience)

    def document(
        self, number: str, revision: int, lang: Lang, facts: Transaction, *, outside: Reader = ""
    ) -> Enclosure:
        """The Word document of a record at a revision (-1: the present one); `outside`: as such a reader may see it."""
        now = facts.record(number)
        record = now if revision < 0 or now is None else facts.revision(number, revision)
        if record is None:
            raise QformsError(Told(f"没有 {number} 第 {revision} 版", f"there is no revision {revision} of {number}"))
        form = self._procedures.catalogue.form(record.form)
        data = documents.render(
            record,
            self._with_lines(record, self.related(record, facts), facts, lang),
            self._procedures,
            stamp=stamp.make(form.name, number, record.revision, self._procedures.keys),
            photos={d: self._store.get(d) for d in _digests(form, record) if self._store.has(d)},
            lang=lang,
            outside=outside,
            print_lang=self._print_lang(record, lang, facts) if outside == "customer" else lang,
            names=self._names(record, lang, facts) if outside == "supplier" else EMPTY,
        )
        return Enclosure(f"{_file_name(form, record, lang)}.docx", data, DOCX, form.audience)

    def _print_lang(self, record: Record, lang: Lang, facts: Transaction) -> PrintLang:
        """The language of what a customer gets: as his sheet says, else that of his letters."""
        customer = _customer(record, facts)
        own = customer.values if customer else EMPTY
        said = own.get("print_lang") or own.get("lang") or lang
        return "both" if said == "both" else "en" if said == "en" else "zh"

    def _names(self, record: Record, lang: Lang, facts: Transaction) -> dict[str, str]:
        """The customers of the case by all their names and numbers -> what stands for them where a supplier reads."""
        instead = "客户" if lang == "zh" else "the customer"
        found: set[str] = set()
        for one in facts.case(record.case_no) if record.case_no else (record,):
            sheet = _customer(one, facts)
            found |= {str(one.values.get(n) or "") for n in ("customer_name", "customer_complaint_no", "contact_name")}
            for name in ("name", "name_en", "contact_name", "aliases") if sheet else ():
                value = sheet.values.get(name) or "" if sheet else ""
                found |= set(value) if isinstance(value, tuple) else {str(value)}
        return dict.fromkeys(found - {""}, instead)

    def _with_lines(
        self, record: Record, related: documents.Related, facts: Transaction, lang: Lang
    ) -> documents.Related:
        """What the charts and tables of the document are made from."""
        gathered = self._reporting.of(record, facts, lang)
        return related if gathered is None else dc.replace(related, lines=gathered.book, sight=gathered.sight)

    def _details(self, spec: str, lang: Lang, facts: Transaction) -> Enclosure:
        """The lines behind a report as a workbook."""
        number, _, revision = spec.partition("@")
        record = facts.revision(number, int(revision)) if revision else facts.record(number)
        gathered = self._reporting.of(record, facts, lang) if record else None
        if record is None or gathered is None:
            raise QformsError(Told(f"{number} 没有明细", f"{number} has no details"))
        form = self._procedures.catalogue.form(record.form)
        title = _file_name(form, record, lang)
        data = exhibits.details(gathered.book, lang, title, gathered.sight.as_of)
        return Enclosure(f"{title} {'明细' if lang == 'zh' else 'details'}.xlsx", data, XLSX, form.audience)

    def related(self, record: Record, facts: Transaction) -> documents.Related:
        """What a record's document tells beyond the record itself."""
        departments, persons = facts.all("department"), facts.all("person")
        linked = (facts.record(str(n)) for n in record.values.get("complaints") or ())
        return documents.Related(
            complaints=tuple(r for r in linked if r is not None),
            clocks=facts.clocks(record.number),
            approvals=facts.find("approval", "target", record.number),
            earlier=facts.revision(record.number, record.revision - 1) if record.revision else None,
            heads={d.number: str(d.values["head"]) for d in departments if d.values.get("head")},
            people={str(p.values["name"]): str(p.values.get("department", "")) for p in persons if "name" in p.values},
            roles={str(role): d.number for d in departments for role in d.values.get("roles") or ()},
        )

    def blank(self, name: str, kind: str, lang: Lang, record: Record | None = None, *, ours: bool = False) -> Enclosure:
        """A blank form; filled in with what is known where the letter is about a record of that form. `ours`: with the
        part that we fill in when somebody of ours writes it for a customer."""
        p = self._procedures
        form = p.catalogue.form(name)
        about = record if record is not None and record.form == name else None
        mark_of = stamp.make(name, about.number if about else "", about.revision if about else 0, p.keys)
        title = form.title[lang]
        if kind == "word":
            return Enclosure(f"{title}.docx", documents.blank(name, p, stamp=mark_of, lang=lang), DOCX, form.audience)
        named = f"{about.number} {title}" if about else title
        named += ("（本公司登记）" if lang == "zh" else " (our own entry)") if ours else ""
        audience = "internal" if ours else form.audience
        return Enclosure(f"{named}.xlsx", self._sheet(form, lang, mark_of, about, ours), XLSX, audience)

    def _sheet(self, form: Form, lang: Lang, mark_of: str, about: Record | None, ours: bool) -> bytes:
        """The Excel form: as the office drew it, else from the declaration."""
        p = self._procedures
        if about is not None:
            form = in_stage(p.catalogue.asked(form.name, about.values), about.values, p.catalogue)
        templates = p.settings.root / "form_templates"
        own = templates / form.name / f"{form.name}.{lang}.blank.xlsx"
        if own.is_file() and not ours:
            known = dict(blank_excel.texts(form, p.catalogue, lang, about)) if about else {}
            return fill(own.read_bytes(), known, {"qf_stamp": mark_of, "qf_form": form.name})
        return blank_excel.blank(
            form,
            p.catalogue,
            p.settings.company.name,
            lang,
            stamp=mark_of,
            record=about,
            for_roles=_CUSTOMER if _for_customers(form) and not ours else None,
            contact=p.settings.company.address,
            logo=pictures.logo(templates),
        )

    # ------------------------------------------------------------ returned forms

    def _marked(self, spec: str, intent: LetterIntent) -> Enclosure:
        """The very file that came, with the faulty cells coloured and commented."""
        digest, _, path = spec.partition("/")
        part = next((p for p in intake.parts_of(self._delivery(digest), self._procedures) if p.path == path), None)
        if part is None:
            raise QformsError(Told(f"{spec} 不在了", f"{spec} is gone", f"letter {intent.key}: "))
        faults = [(str(where), str(text)) for where, text in intent.facts.get("problems", ())]
        marks = [mark.Mark(where, text) for where, text in faults if where]
        try:
            data = mark.mark(part.data, marks, lang=intent.lang)
        except OfficeFault:  # an old format, or a place that has gone: the letter's own lines say what is wrong
            data = part.data
        return Enclosure(part.name, data, part.kind, "customer")

    def _delivery(self, digest: str) -> Delivery:
        row = next(iter(self._ledger.deliveries(digest=digest)), None)
        if row is None:
            raise QformsError(Told(f"没有来件 {digest}", f"no delivery {digest}"))
        raw = self._store.get(digest)
        return Delivery(row["channel"], row["locator"], row["received_at"], raw, name=row["name"], digest=digest)


def reader_of(intent: LetterIntent) -> Reader:
    """Who reads a letter, as far as it is for somebody outside."""
    return intent.audience if intent.audience in ("customer", "supplier") else ""


def _customer(record: Record, facts: Transaction) -> Record | None:
    """The sheet of the customer that a record names, else of its case's."""
    case = facts.record(record.case_no) if record.case_no else None
    named = record.values.get("customer") or (case.values.get("customer") if case else None)
    return facts.record(str(named)) if named else None


def _for_customers(form: Form) -> bool:
    """Whether customers fill it in: not all that they may see is theirs to write, an 8D is a department's."""
    given = {role for s in form.sections for f in s.fields for role in f.filled_by or s.filled_by}
    return form.audience == "customer" and bool(_CUSTOMER & {*form.open_by, *given})


def _file_name(form: Form, record: Record, lang: Lang) -> str:
    words = (record.number, form.title[lang], str(record.values.get("product_model") or ""))
    version = f"R{record.issue}" if record.issue else ""
    return " ".join(w for w in (*words, version) if w)


def _digests(form: Form, record: Record) -> Iterator[str]:
    """Digests of the pictures and files that a record's own fields name."""
    for field in form.fields:
        rows: Any = record.values.get(field.name) or ()
        if field.type in ("img", "file"):
            yield from (str(row["digest"]) for row in (rows if isinstance(rows, tuple) else (rows,)) if "digest" in row)
