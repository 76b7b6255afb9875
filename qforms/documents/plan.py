"""Which sections a document prints, and how: known facts, or cells to be filled in. A reply part is filled in until
it is complete; a form with steps (8D) goes out stage by stage, complete steps printed as facts (P25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qforms.documents.seen import Reader
from qforms.forms.parts import later, steps
from qforms.forms.word import HEAD_FIELDS
from qforms.forms.word_cells import fillable
from qforms.forms.word_panels import TRIGGER_FIELDS
from qforms.model import Catalogue, Form, Record, Section, Values

Mode = Literal["facts", "fill", "hide"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`modes` by section; `first`: the first section to be filled in; `turn`: the first reply part below facts and
    signatures, which begins a new page unless all of it fits on one ("": none, or nothing is left to fill in)."""

    modes: Mapping[str, Mode]
    first: str
    turn: str


def plan(
    form: Form,
    record: Record | None,
    values: Values,
    catalogue: Catalogue,
    linked: bool,
    outside: Reader = "",
    more: frozenset[str] = frozenset(),
) -> Plan:
    """The plan of a document; `record` None: the blank form. `linked`: there are linked complaints to print.
    `more`: sections with charts or tables.
    `outside`: for a reader outside the company, who fills in what such a reader may, and nothing else."""
    modes: dict[str, Mode]
    if record is None:
        modes = {s.name: "fill" if any(fillable(form, s, f, True) for f in s.fields) else "hide" for s in form.sections}
    else:
        modes = {
            s.name: _mode(form, s, record, values, catalogue, s.name in more or (linked and s.panel == "trigger"))
            for s in form.sections
        }
        _hide_later_steps(form, modes, values)
        if outside:
            _only_theirs(form, modes, values, outside)
    open_ = [s for s in form.sections if modes[s.name] == "fill" and (s.reply or record is None)]
    replies = [s for s in open_ if s.reply]
    first = (replies or open_)[0].name if open_ else ""
    shown = [s for s in form.sections if modes[s.name] != "hide" and s.panel not in ("head", "approvals")]
    reply = next((s for s in shown if s.reply), None)
    turn = reply.name if first and reply and reply is not shown[0] and not steps(form) else ""
    return Plan(modes, first, turn)


def _mode(form: Form, section: Section, record: Record, values: Values, catalogue: Catalogue, more: bool) -> Mode:
    """`values` are those that may be printed; whether a part is complete, the record's own say.
    `more`: something is printed there beyond its fields."""
    has = more or _has(section, values)
    state = next((s for s in form.lifecycle.states if s.name == record.status), None)
    final = state is not None and state.final
    if state is not None and state.print == "draft":  # what a draft lacks is shown, too
        has = has or any(f.required and fillable(form, section, f) for f in section.fields)
    if not section.reply or final or not (has or any(f.blank for f in section.fields)):
        return "facts" if has else "hide"
    return "facts" if has and not catalogue.missing(form.name, record.values, section.name) else "fill"


def _hide_later_steps(form: Form, modes: dict[str, Mode], values: Values) -> None:
    """Steps beyond the stage that is being worked on, unless something stands in them already."""
    for name in later(form, [n for n, mode in modes.items() if mode == "fill"]):
        section = next(s for s in form.sections if s.name == name)
        if modes[name] == "fill" and not _has(section, values):
            modes[name] = "hide"


def _has(section: Section, values: Values) -> bool:
    """Whether anything is known of a section, beyond what the head of the document tells."""
    return any(values.get(f.name) not in (None, "", ()) for f in section.fields if f.name not in HEAD_FIELDS)


def _only_theirs(form: Form, modes: dict[str, Mode], values: Values, reader: Reader) -> None:
    for section in form.sections:
        if modes[section.name] == "fill" and not {reader, "anyone"} & set(section.filled_by):
            modes[section.name] = "facts" if _has(section, values) else "hide"


def told(section: Section) -> frozenset[str]:
    """Fields that a panel prints itself."""
    return TRIGGER_FIELDS if section.panel == "trigger" else frozenset()
