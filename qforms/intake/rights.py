"""Who may write which field of a record, and who may open a form: the roles of form.yaml, resolved for a speaker."""

from __future__ import annotations

from collections.abc import Callable

from qforms.model import Event, Field, Form, Record, Section, Speaker

SYSTEM, ANYONE, CUSTOMER, SUPPLIER, OFFICE = "system", "anyone", "customer", "supplier", "office"
EMPLOYEE = "employee"  # anybody of ours, whatever his department
RESPONSIBLE = "responsible_unit"  # the departments that the record itself names
_NAMING = ("responsible_dept", "to_depts", "owner_dept")
_DECIDING = frozenset({"gmo", "gm", "chief_engineer", "finance"})  # never granted to a JSON file


def roles(speaker: Speaker, form: Form, record: Record | None) -> frozenset[str]:
    """Every word of `filled_by` and `open_by` that means this speaker, for this record."""
    own = set(speaker.roles).union(*(s.who.roles for s in speaker.stands_in)) | {ANYONE}
    if speaker.kind not in (CUSTOMER, "stranger"):
        own.add(EMPLOYEE)
    if speaker.kind == "customer":
        own.add(CUSTOMER)
    if speaker.kind == "office":
        own.add(OFFICE)
    units = set(speaker.departments).union(*(s.who.departments for s in speaker.stands_in))
    if record is not None and speaker.trusted and units & named_departments(record):
        own.add(RESPONSIBLE)
    return frozenset(own)


def named_departments(record: Record) -> set[str]:
    """The departments that the record names as responsible or addressed."""
    found: set[str] = set()
    for name in _NAMING:
        value = record.values.get(name) or ()
        found.update((value,) if isinstance(value, str) else value)
    return found


def writable(form: Form, speaker: Speaker, record: Record | None) -> Callable[[str], bool]:
    """Whether the speaker may write a field of that name. Computed fields nobody writes."""
    own = roles(speaker, form, record)
    by_name = _writers(form)

    def may(name: str) -> bool:
        writers, fld = by_name.get(name, ((SYSTEM,), None))
        if fld is None or fld.calc or writers == (SYSTEM,):
            return False
        if OFFICE in own and name in form.office_columns:
            return True
        return bool(own & set(writers)) if writers else OFFICE in own

    return may


def may_open(form: Form, speaker: Speaker) -> bool:
    return bool(roles(speaker, form, None) & set(form.open_by))


def reply_sections(form: Form, speaker: Speaker, record: Record | None) -> tuple[Section, ...]:
    """The parts of the form that this speaker is asked to fill in."""
    own = roles(speaker, form, record)
    return tuple(s for s in form.sections if s.reply and (not s.filled_by or own & set(s.filled_by)))


def is_money(fld: Field) -> bool:
    """Fields that are taken all together or not at all: itself marked, or one of its columns."""
    return fld.all_or_nothing or any(f.all_or_nothing for f in fld.fields)


def grantable(role: str) -> bool:
    """Whether a JSON file may ever speak with this role."""
    return role not in _DECIDING


_cache: dict[int, tuple[Form, dict[str, tuple[tuple[str, ...], Field]]]] = {}


def _writers(form: Form) -> dict[str, tuple[tuple[str, ...], Field]]:
    """Field -> who may write it: its own `filled_by`, else its section's, else who may open the form."""
    known = _cache.get(id(form))
    if known is None or known[0] is not form:
        names = {
            f.name: (f.filled_by or section.filled_by or form.open_by, f)
            for section in form.sections
            for f in section.fields
        }
        known = _cache[id(form)] = (form, names)
    return known[1]


def may_ask(event: Event, speaker: Speaker, form: Form, record: Record) -> bool:
    """Whether an event is the speaker's to ask for: by a role, or as one whom a field of the record names."""
    named = {*speaker.departments, speaker.name} - {""}
    values = (record.values.get(name) or () for name in event.by)
    fields = {str(v) for value in values for v in (value if isinstance(value, tuple) else (value,))}
    return not event.by or bool(set(event.by) & roles(speaker, form, record)) or bool(named & fields)
